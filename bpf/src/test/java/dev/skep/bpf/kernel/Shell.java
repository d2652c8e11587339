package dev.skep.bpf.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs something outside this process, which is where the truth comes from. */
record Shell(int exitCode, String output) {
  private static final int SECONDS = 60;

  /** Of bash; exit code 128 + signal if one ended it. */
  static Shell run(String script) throws IOException, InterruptedException {
    var process = new ProcessBuilder("bash", "-c", script).redirectErrorStream(true).start();
    process.getOutputStream().close();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("still running after " + SECONDS + " s: " + script);
    }
    return new Shell(process.exitValue(), output);
  }

  /** Of one write by another process to a file. */
  static Shell write(Path file) throws IOException, InterruptedException {
    // A process of its own that does nothing but write: bash would write as itself.
    return run("/bin/echo lost >> " + file);
  }
}
