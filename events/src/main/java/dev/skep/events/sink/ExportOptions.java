package dev.skep.events.sink;

import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_WRITE;

import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Set;

/**
 * Where events are written to, and when a file is full enough. A file that is done with is renamed
 * to {@code name-2026-11-22T20-00-00.000.ext}, in UTC, beside it.
 *
 * @param maxBytes a file that would grow beyond it is rotated before that; only a single write of
 *     up to 64 KiB, or a line that is longer, goes beyond
 * @param rotationInterval a file that was begun longer ago is rotated as well, if anything is in
 *     it; zero for never
 * @param maxBackups how many rotated files are kept; 0 for all
 * @param compress whether rotated files are compressed, to {@code .gz}
 * @param permissions of the file and of the rotated ones, whatever the umask says
 */
public record ExportOptions(
    Path file,
    long maxBytes,
    Duration rotationInterval,
    int maxBackups,
    boolean compress,
    Set<PosixFilePermission> permissions) {
  private static final long DEFAULT_MAX_BYTES = 10L * 1024 * 1024;
  private static final int DEFAULT_MAX_BACKUPS = 5;

  public ExportOptions {
    if (maxBytes <= 0) {
      throw new IllegalArgumentException("an export file of at most " + maxBytes + " bytes");
    }
    if (rotationInterval.isNegative()) {
      throw new IllegalArgumentException("a rotation interval of " + rotationInterval);
    }
    if (maxBackups < 0) {
      throw new IllegalArgumentException(maxBackups + " rotated files to keep");
    }
    permissions = Set.copyOf(permissions);
  }

  /** As Tetragon has it where nothing is said: 10 MiB, 5 rotated files, its owner's alone. */
  public static ExportOptions of(Path file) {
    return new ExportOptions(
        file,
        DEFAULT_MAX_BYTES,
        Duration.ZERO,
        DEFAULT_MAX_BACKUPS,
        false,
        Set.of(OWNER_READ, OWNER_WRITE));
  }
}
