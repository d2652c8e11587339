package dev.skep.bpf.programs;

import java.nio.file.Path;
import java.util.List;

/** Runs {@code src/test/c/trigger.c}, which does to the kernel what its words say. */
final class Trigger {
  static final Path PROGRAM = Ran.compiled("trigger", "-pthread");

  /** Ends at once: what a storm executes. */
  static final Path TINY = Ran.compiled("tiny", "-static", "-nostdlib");

  private Trigger() {}

  /**
   * @param code 128 + signal if a signal ended it
   * @param answers the kernel's, in the order of the words
   */
  record Outcome(int pid, int code, List<Long> answers) {
    long last() {
      return answers.getLast();
    }
  }

  static Outcome run(Object... words) {
    return run(Path.of("/"), words);
  }

  static Outcome run(Path folder, Object... words) {
    var ran = Ran.run(folder, PROGRAM, words);
    var answers =
        ran.lines().stream()
            .map(line -> Long.valueOf(line.substring(line.lastIndexOf(' ') + 1)))
            .toList();
    return new Outcome(ran.pid(), ran.code(), answers);
  }
}
