package dev.skep.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs other programs and says how they ended. */
final class Shell {
  private static final long LIMIT_SECONDS = 300;

  private Shell() {}

  /**
   * @param exitCode 128 + n after signal n, as shells have it
   * @param output standard output and standard error
   */
  record Ended(int exitCode, String output) {
    boolean killed() {
      return exitCode == 128 + 9;
    }
  }

  /** Runs {@code script} with bash. */
  static Ended bash(String script) {
    return run(List.of("bash", "-c", script));
  }

  static Ended run(List<String> words) {
    try {
      var output = Files.createTempFile("skep", ".out");
      try {
        var process =
            new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new IllegalStateException(words + " did not end: " + Files.readString(output));
        }
        return new Ended(process.exitValue(), Files.readString(output));
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + words, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in " + words, e);
    }
  }

  /** Compiles a C program of {@code src/test/c} into {@code folder}, statically linked. */
  static Path compiled(String name, Path folder) {
    var root = Path.of(System.getProperty("skep.root"));
    var program = folder.resolve(name);
    var ended =
        run(
            List.of(
                "cc",
                "-O2",
                "-static",
                "-o",
                program.toString(),
                root.resolve("e2e/src/test/c/" + name + ".c").toString()));
    if (ended.exitCode() != 0) {
      throw new IllegalStateException("cannot compile " + name + ": " + ended.output());
    }
    return program;
  }
}
