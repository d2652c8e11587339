package dev.skep.bpf.programs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A program of the system that a test prepares something with; it must succeed. */
final class Tool {
  private Tool() {}

  static void run(Object... command) throws IOException, InterruptedException {
    output(command);
  }

  /** What it printed, errors among it. */
  static String output(Object... command) throws IOException, InterruptedException {
    var words = Arrays.stream(command).map(Object::toString).toList();
    var process = new ProcessBuilder(words).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    if (code != 0) {
      throw new AssertionError(words + " ended with " + code + ": " + output);
    }
    return output;
  }
}
