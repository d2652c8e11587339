package dev.skep.bpf.programs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One run of a program of {@code src/test/c}.
 *
 * @param code 128 + signal if a signal ended it
 * @param lines of its standard output
 */
record Ran(int pid, int code, List<String> lines) {
  private static final Path SOURCES = Path.of("src/test/c");
  private static final Path BUILT = Path.of("target/test-programs").toAbsolutePath();
  private static final String COMPILER = System.getProperty("bpf.clang", "clang-19");
  private static final long SECONDS = 120;

  static Ran run(Path folder, Path program, Object... words) {
    var command = new ArrayList<String>();
    command.add(program.toString());
    for (var word : words) {
      command.add(word.toString());
    }
    try {
      var process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      List<String> lines;
      try (var output = process.inputReader(UTF_8)) {
        lines = output.lines().toList();
      }
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " has not ended after " + SECONDS + " s");
      }
      return new Ran((int) process.pid(), process.exitValue(), lines);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError("running " + command, e);
    }
  }

  /** The program, built if its sources are newer: virtual machines find it built. */
  static Path compiled(String name, String... flags) {
    var program = BUILT.resolve(name);
    var command = new ArrayList<>(List.of(COMPILER, "-O1", "-Wall", "-Wextra", "-Werror"));
    command.addAll(List.of(flags));
    command.addAll(List.of("-o", program.toString(), SOURCES.resolve(name + ".c").toString()));
    try {
      if (Files.exists(program)
          && Files.getLastModifiedTime(program).compareTo(newest(SOURCES)) > 0) {
        return program;
      }
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

  private static FileTime newest(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(Ran::modified).max(FileTime::compareTo).orElseThrow();
    }
  }

  private static FileTime modified(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
