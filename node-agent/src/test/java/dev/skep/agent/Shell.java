package dev.skep.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Runs what a user would type, in a shell of its own. */
final class Shell {
  /** How a shell's exit code tells that SIGKILL ended it. */
  static final int KILLED = 128 + 9;

  private static final Duration LIMIT = Duration.ofMinutes(2);

  private Shell() {}

  /** The exit code. */
  static int run(String script) {
    return exitCode(start(script));
  }

  static Process start(String script) {
    try {
      return new ProcessBuilder("bash", "-c", script)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException("starting bash", e);
    }
  }

  static int exitCode(Process process) {
    try {
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("a shell does not end");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
