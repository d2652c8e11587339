package dev.skep.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One run of another program, with a time limit. */
public record Command(List<String> words, Map<String, String> environment, Duration limit) {

  /** Runs it, with {@code input} as its standard input. */
  public Output run(String input) {
    try {
      // Files, not pipes: a background process that keeps a pipe open would keep us waiting.
      var folder = Files.createTempDirectory("skep-command");
      var in = Files.writeString(folder.resolve("in"), input);
      var out = folder.resolve("out");
      var err = folder.resolve("err");
      try {
        var builder = new ProcessBuilder(words);
        builder.environment().putAll(environment);
        builder.redirectInput(in.toFile()).redirectOutput(out.toFile()).redirectError(err.toFile());
        var process = builder.start();
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
          process.destroyForcibly();
          throw new IllegalStateException(
              this + " did not end within " + limit + ": " + Files.readString(err));
        }
        return new Output(process.exitValue(), Files.readString(out), Files.readString(err));
      } finally {
        for (var file : List.of(in, out, err, folder)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + this, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + this, e);
    }
  }

  /**
   * Standard output of a run that must succeed.
   *
   * @throws IllegalStateException with the command, its exit code and standard error
   */
  String outputOf(String input) {
    var output = run(input);
    if (output.exitCode() != 0) {
      throw new IllegalStateException(
          this + " ended with " + output.exitCode() + ": " + output.err());
    }
    return output.out();
  }

  @Override
  public String toString() {
    return String.join(" ", words);
  }
}
