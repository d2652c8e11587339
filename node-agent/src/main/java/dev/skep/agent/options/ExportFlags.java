package dev.skep.agent.options;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where events go. */
public final class ExportFlags {
  private static final String STDOUT = "-";

  @Option(
      names = {"--export-filename", "--export"},
      paramLabel = "FILE|-",
      defaultValue = STDOUT,
      description = "Where events go, one JSON object a line (default: -, standard output).")
  private String file = STDOUT;

  /** Null: standard output. */
  public @Nullable Path file() {
    return file.equals(STDOUT) ? null : Path.of(file);
  }
}
