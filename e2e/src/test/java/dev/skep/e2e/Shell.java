package dev.skep.e2e;

import dev.skep.cluster.Command;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Runs other programs and says how they ended. */
final class Shell {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private Shell() {}

  /**
   * @param exitCode 128 + n after signal n, as shells have it
   * @param output standard output, then standard error
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
    var ended = new Command(words, Map.of(), LIMIT).run("");
    return new Ended(ended.exitCode(), ended.out() + ended.err());
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
