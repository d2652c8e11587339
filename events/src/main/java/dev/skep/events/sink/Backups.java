package dev.skep.events.sink;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rotated files beside an export file. Which there are is read from the folder each time, so
 * what an earlier agent left, or did not finish, is looked after as well. Old ones are deleted and
 * the others compressed by a thread of their own; it ends when there is nothing to do.
 */
final class Backups implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Backups.class);

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH-mm-ss.SSS").withZone(ZoneOffset.UTC);
  private static final String TIME_PATTERN = "(\\d{4}-\\d{2}-\\d{2}T\\d{2}-\\d{2}-\\d{2}\\.\\d{3})";
  private static final String GZ = ".gz";
  private static final String UNFINISHED = ".gz.part";
  private static final int BUFFER_BYTES = 64 * 1024;

  private final ExportOptions options;
  private final String before;
  private final String after;
  private final Pattern names;
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          1,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().daemon().name("skep-export-backups").factory());

  private volatile boolean closed;
  private boolean failed;

  Backups(ExportOptions options) {
    this.options = options;
    var name = Objects.toString(options.file().getFileName(), "");
    int dot = name.lastIndexOf('.');
    before = (dot < 0 ? name : name.substring(0, dot)) + "-";
    after = dot < 0 ? "" : name.substring(dot);
    names =
        Pattern.compile(
            Pattern.quote(before) + TIME_PATTERN + Pattern.quote(after) + "(|\\.gz|\\.gz\\.part)");
    thread.allowCoreThreadTimeOut(true);
  }

  /** A name that no rotated file has, with the time, or as little after it as need be. */
  Path nameFor(Instant time) {
    for (var at = time; ; at = at.plusMillis(1)) {
      var name = named(TIME.format(at));
      if (!Files.exists(name) && !Files.exists(withSuffix(name, GZ))) {
        return name;
      }
    }
  }

  /** Deletes and compresses what is due, soon and on another thread. */
  void tidy() {
    if (!closed) {
      thread.execute(this::tidyNow);
    }
  }

  private void tidyNow() {
    try {
      for (var all = prune(); !closed && options.compress(); all = prune()) {
        var uncompressed = all.entrySet().stream().filter(file -> file.getValue()).findFirst();
        if (uncompressed.isEmpty()) {
          break;
        }
        compress(named(uncompressed.get().getKey()));
      }
      failed = false;
    } catch (IOException | DirectoryIteratorException e) {
      if (!failed) {
        failed = true;
        log.warn(
            "Rotated files of {} could not be looked after, which is tried again at the next rotation: {}",
            options.file(),
            e.toString());
      }
    }
  }

  /**
   * Deletes all but the newest.
   *
   * @return the times of those left, and whether they are still uncompressed
   */
  private NavigableMap<String, Boolean> prune() throws IOException {
    var all = new TreeMap<String, Boolean>();
    try (var files = Files.newDirectoryStream(folder())) {
      for (var file : files) {
        var name = names.matcher(file.getFileName().toString());
        if (name.matches()) {
          switch (name.group(2)) {
            case "" -> all.put(name.group(1), true);
            case GZ -> all.putIfAbsent(name.group(1), false);
            default -> Files.deleteIfExists(file); // somebody was ended while compressing it
          }
        }
      }
    }
    while (options.maxBackups() > 0 && all.size() > options.maxBackups()) {
      var oldest = named(all.pollFirstEntry().getKey());
      Files.deleteIfExists(oldest);
      Files.deleteIfExists(withSuffix(oldest, GZ));
    }
    return all;
  }

  /** At every moment one whole form of the file is there, also if the machine loses its power. */
  private void compress(Path file) throws IOException {
    var unfinished = withSuffix(file, UNFINISHED);
    try (var in = Files.newInputStream(file);
        var channel =
            FileChannel.open(
                unfinished,
                Set.of(CREATE_NEW, WRITE),
                PosixFilePermissions.asFileAttribute(options.permissions()));
        var out = new GZIPOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES)) {
      Files.setPosixFilePermissions(unfinished, options.permissions());
      var buffer = new byte[BUFFER_BYTES];
      for (int count = in.read(buffer); count >= 0 && !closed; count = in.read(buffer)) {
        out.write(buffer, 0, count);
      }
      out.finish();
      channel.force(true);
    } catch (IOException e) {
      Files.deleteIfExists(unfinished);
      throw e;
    }
    if (closed) {
      Files.deleteIfExists(unfinished);
    } else {
      Files.move(unfinished, withSuffix(file, GZ), ATOMIC_MOVE);
      Files.delete(file);
    }
  }

  private Path folder() {
    var folder = options.file().toAbsolutePath().getParent();
    return folder == null ? Path.of("/") : folder;
  }

  private Path named(String time) {
    return folder().resolve(before + time + after);
  }

  private static Path withSuffix(Path file, String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }

  /** Ends what is under way: the next agent does it. Waits for at most the writing of 64 KiB. */
  @Override
  public void close() {
    closed = true;
    thread.shutdown();
    try {
      var _ = thread.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
