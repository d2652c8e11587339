package dev.skep.events.sink;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file that lines are appended to, readable by its owner alone, for events tell arguments and
 * file names of everybody. Others may move it away (to rotate it) or delete it: it is begun anew at
 * the same path. {@link #open} is the one place where a file begins; rotation of our own will sit
 * there, too.
 */
final class ExportFile implements Outlet {
  private static final Set<PosixFilePermission> OWNER_ONLY = Set.of(OWNER_READ, OWNER_WRITE);

  private final Path path;
  private FileChannel channel;

  /** Device and inode. */
  private @Nullable Object key;

  ExportFile(Path path) throws IOException {
    this.path = path;
    this.channel = open(path);
    this.key = keyOf(path);
    endHalfLine();
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    return channel.write(bytes);
  }

  @Override
  public boolean hasMoved() {
    try {
      return !Objects.equals(key, keyOf(path));
    } catch (IOException e) {
      return true; // gone, or out of reach: opening it anew tells why
    }
  }

  @Override
  public boolean reopen() throws IOException {
    channel.close();
    channel = open(path);
    var previous = key;
    key = keyOf(path);
    boolean same = Objects.equals(previous, key);
    if (!same) {
      endHalfLine();
    }
    return same;
  }

  /** What an agent left that was killed while it wrote must not become one line with ours. */
  private void endHalfLine() throws IOException {
    if (Files.isRegularFile(path) && channel.size() > 0) {
      try (var reader = FileChannel.open(path)) {
        var last = ByteBuffer.allocate(1);
        if (reader.read(last, reader.size() - 1) == 1 && last.get(0) != '\n') {
          channel.write(ByteBuffer.wrap(new byte[] {'\n'}));
        }
      }
    }
  }

  private static FileChannel open(Path path) throws IOException {
    var channel =
        FileChannel.open(
            path, Set.of(CREATE, APPEND), PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    // Only a file: as root we would lock everybody out of a device or a pipe.
    if (Files.isRegularFile(path)) {
      Files.setPosixFilePermissions(path, OWNER_ONLY);
    }
    return channel;
  }

  private static @Nullable Object keyOf(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  @Override
  public String toString() {
    return "export file " + path;
  }
}
