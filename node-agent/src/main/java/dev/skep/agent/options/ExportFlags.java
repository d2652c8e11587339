package dev.skep.agent.options;

import dev.skep.events.sink.ExportOptions;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where events go. */
public final class ExportFlags {
  private static final String STDOUT = "-";

  @Option(
      names = {"--export-filename", "--export"},
      paramLabel = "FILE|-",
      defaultValue = STDOUT,
      description = "Where events go, one JSON object a line (default: -, standard output).")
  private String file = STDOUT;

  @Option(
      names = "--export-file-max-size-mb",
      paramLabel = "MEGABYTES",
      converter = Megabytes.class,
      defaultValue = "10",
      description = "A larger file is rotated (default: ${DEFAULT-VALUE}).")
  private int maxMegabytes;

  @Option(
      names = "--export-file-rotation-interval",
      paramLabel = "INTERVAL",
      converter = Values.Interval.class,
      defaultValue = "0s",
      description =
          "An older file is rotated, too, such as 1h30m (default: ${DEFAULT-VALUE}, none is).")
  private Duration rotationInterval = Duration.ZERO;

  @Option(
      names = "--export-file-max-backups",
      paramLabel = "NUMBER",
      converter = Backups.class,
      defaultValue = "5",
      description = "Rotated files that are kept; 0: all (default: ${DEFAULT-VALUE}).")
  private int maxBackups;

  @Option(
      names = "--export-file-compress",
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "false",
      paramLabel = "true|false",
      description = "Rotated files are compressed.")
  private boolean compress;

  @Option(
      names = "--export-file-perm",
      paramLabel = "MODE",
      converter = Mode.class,
      defaultValue = "600",
      description = "Permissions of the files in octal digits (default: ${DEFAULT-VALUE}).")
  private Set<PosixFilePermission> permissions = Set.of();

  /** Null: standard output. */
  public @Nullable ExportOptions options() {
    return file.equals(STDOUT)
        ? null
        : new ExportOptions(
            Path.of(file),
            (long) maxMegabytes << 20,
            rotationInterval,
            maxBackups,
            compress,
            permissions);
  }

  static final class Megabytes extends Values.Whole {
    Megabytes() {
      super(1, 1 << 20);
    }
  }

  static final class Backups extends Values.Whole {
    Backups() {
      super(0, 1 << 20);
    }
  }

  /** Three octal digits; the agent must be able to write. */
  static final class Mode implements ITypeConverter<Set<PosixFilePermission>> {
    private static final String LETTERS = "rwxrwxrwx";

    @Override
    public Set<PosixFilePermission> convert(String value) {
      if (!value.matches("0?[0-7]{3}")) {
        throw new TypeConversionException("'" + value + "' is no mode; such as 600 or 640 are");
      }
      int bits = Integer.parseInt(value, 8);
      var text = new StringBuilder(LETTERS);
      for (int i = 0; i < LETTERS.length(); i++) {
        if ((bits >> (LETTERS.length() - 1 - i) & 1) == 0) {
          text.setCharAt(i, '-');
        }
      }
      return PosixFilePermissions.fromString(text.toString());
    }
  }
}
