package dev.skep.bpf.programs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord.Exec;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/**
 * What {@code src/test/c/witness.c} says that it was called with, after {@code executes.c} called
 * it. Texts are bytes, each a char of the same number.
 *
 * @param paths that procfs has for the executable: one or, where there is no procfs, none
 * @param folders the same of its folder
 */
record Witness(
    int pid,
    List<String> paths,
    List<String> folders,
    List<String> arguments,
    List<String> environment) {
  static final Path PROGRAM = Ran.compiled("witness", "-static");
  private static final Path EXECUTES = Ran.compiled("executes", "-static");

  /** A text with characters beyond ASCII must have them as %XX, a byte each. */
  static Witness called(Object... words) {
    var ran = Ran.run(Path.of("/"), EXECUTES, words);
    assertThat(ran.code()).as("exit code of the witness").isZero();
    return new Witness(
        ran.pid(),
        texts(ran, "path"),
        texts(ran, "folder"),
        texts(ran, "argument"),
        texts(ran, "environment"));
  }

  private static List<String> texts(Ran ran, String what) {
    return ran.lines().stream()
        .filter(line -> line.startsWith(what + " "))
        .map(line -> text(HexFormat.of().parseHex(line.substring(what.length() + 1))))
        .toList();
  }

  /** The record of its exec: the last one of its process. */
  Exec told(TestNode node) {
    return node.records(Exec.class, pid).getLast();
  }

  /** What it was told to have, as a record has it: a NUL after each. */
  String argumentBytes() {
    return arguments.stream().map(argument -> argument + "\0").collect(joining());
  }

  static String text(byte[] bytes) {
    return new String(bytes, ISO_8859_1);
  }
}
