package dev.skep.events.sink;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that lines are appended to, rotated when it is large or old. Events tell arguments and
 * file names of everybody, so its permissions are kept. Others may move it away (to rotate it) or
 * delete it: it is begun anew at the same path.
 */
final class ExportFile implements Outlet {
  private static final Logger log = LoggerFactory.getLogger(ExportFile.class);

  /** How long a file that cannot be renamed is left to grow until that is tried again. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final ExportOptions options;
  private final Path path;
  private final InstantSource clock;
  private final Backups backups;
  private FileChannel channel;

  /** Device and inode. */
  private @Nullable Object key;

  /** When the file was begun, by whomever. */
  private Instant begun;

  /** False for a device or a pipe. */
  private boolean rotates;

  private Instant notBefore = Instant.MIN;

  ExportFile(ExportOptions options, InstantSource clock) throws IOException {
    this.options = options;
    this.path = options.file();
    this.clock = clock;
    this.backups = new Backups(options);
    this.begun = clock.instant();
    this.channel = open();
    endHalfLine();
    if (rotates) {
      backups.tidy();
    }
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    return channel.write(bytes);
  }

  @Override
  public boolean waitsForReaders() {
    return !rotates;
  }

  @Override
  public void prepare(int bytes) throws IOException {
    long size = rotates ? channel.size() : 0;
    if (size > 0 && (size + bytes > options.maxBytes() || isOld())) {
      rotate();
    }
  }

  private boolean isOld() {
    var interval = options.rotationInterval();
    return interval.isPositive() && !clock.instant().isBefore(begun.plus(interval));
  }

  /** Nothing is lost on the way: what this file has it keeps, and the lines to come wait. */
  private void rotate() throws IOException {
    var now = clock.instant();
    if (now.isBefore(notBefore)) {
      return;
    }
    if (!hasMoved()) { // else somebody was faster, and what lies there now is not ours to rename
      try {
        Files.move(path, backups.nameFor(now));
        notBefore = Instant.MIN;
      } catch (IOException e) {
        if (notBefore.equals(Instant.MIN)) {
          log.warn("{} cannot be rotated and goes on growing: {}", this, e.toString());
        }
        notBefore = now.plus(PATIENCE);
        return;
      }
    }
    var _ = reopen();
    backups.tidy();
  }

  @Override
  public boolean hasMoved() {
    try {
      return !Objects.equals(key, attributes().fileKey());
    } catch (IOException e) {
      return true; // gone, or out of reach: opening it anew tells why
    }
  }

  @Override
  public boolean reopen() throws IOException {
    channel.close();
    var previous = key;
    channel = open();
    boolean same = Objects.equals(previous, key);
    if (!same) {
      endHalfLine();
    }
    return same;
  }

  /** What an agent left that was killed while it wrote must not become one line with ours. */
  private void endHalfLine() throws IOException {
    if (rotates && channel.size() > 0) {
      try (var reader = FileChannel.open(path)) {
        var last = ByteBuffer.allocate(1);
        if (reader.read(last, reader.size() - 1) == 1 && last.get(0) != '\n') {
          channel.write(ByteBuffer.wrap(new byte[] {'\n'}));
        }
      }
    }
  }

  private FileChannel open() throws IOException {
    var opened =
        FileChannel.open(
            path,
            Set.of(CREATE, APPEND),
            PosixFilePermissions.asFileAttribute(options.permissions()));
    try {
      var attributes = attributes();
      // Only a file: as root we would lock everybody out of a device or a pipe.
      rotates = attributes.isRegularFile();
      if (rotates) {
        Files.setPosixFilePermissions(path, options.permissions());
      }
      begun = attributes.size() > 0 ? attributes.creationTime().toInstant() : clock.instant();
      key = attributes.fileKey();
      return opened;
    } catch (IOException e) {
      opened.close();
      throw e;
    }
  }

  private BasicFileAttributes attributes() throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class);
  }

  @Override
  public void close() throws IOException {
    backups.close();
    channel.close();
  }

  @Override
  public String toString() {
    return "export file " + path;
  }
}
