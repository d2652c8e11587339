package dev.skep.bpf.programs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs {@code src/test/c/trigger.c}, which does to the kernel what its words say. */
final class Trigger {
  private static final Path SOURCES = Path.of("src/test/c");
  private static final Path BUILT = Path.of("target/test-programs").toAbsolutePath();
  private static final String COMPILER = System.getProperty("bpf.clang", "clang-19");
  private static final long SECONDS = 120;

  static final Path PROGRAM = compiled("trigger", "-pthread");

  /** Ends at once: what a storm executes. */
  static final Path TINY = compiled("tiny", "-static", "-nostdlib");

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
    var command = new ArrayList<String>();
    command.add(PROGRAM.toString());
    for (var word : words) {
      command.add(word.toString());
    }
    try {
      var process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      var answers = new ArrayList<Long>();
      try (var lines = process.inputReader()) {
        for (var line : lines.lines().toList()) {
          answers.add(Long.valueOf(line.substring(line.lastIndexOf(' ') + 1)));
        }
      }
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " has not ended after " + SECONDS + " s");
      }
      return new Outcome((int) process.pid(), process.exitValue(), List.copyOf(answers));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError("running " + command, e);
    }
  }

  private static Path compiled(String name, String... flags) {
    var program = BUILT.resolve(name);
    var command = new ArrayList<>(List.of(COMPILER, "-O1", "-Wall", "-Werror"));
    command.addAll(List.of(flags));
    command.addAll(List.of("-o", program.toString(), SOURCES.resolve(name + ".c").toString()));
    try {
      Files.createDirectories(BUILT);
      int code = new ProcessBuilder(command).inheritIO().start().waitFor();
      if (code != 0) {
        throw new IllegalStateException(command + " ended with " + code);
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException("running " + command, e);
    }
    return program;
  }
}
