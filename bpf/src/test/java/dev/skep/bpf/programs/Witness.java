package dev.skep.bpf.programs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord.Credentials;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Executable;
import dev.skep.bpf.KernelRecord.Namespaces;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/**
 * What {@code src/test/c/witness.c} says of itself, after {@code executes.c} called it. Texts are
 * bytes, each a char of the same number.
 *
 * @param lines a word for what, and what it is
 */
record Witness(int pid, List<String> lines) {
  static final Path PROGRAM = Ran.compiled("witness", "-static");

  private static final Path EXECUTES = Ran.compiled("executes", "-static");
  private static final String DELETED = " (deleted)"; // procfs' word for it

  /** A text with characters beyond ASCII must have them as %XX, a byte each. */
  static Witness called(Object... words) {
    var ran = Ran.run(Path.of("/"), EXECUTES, words);
    assertThat(ran.code()).as("exit code of the witness").isZero();
    return new Witness(ran.pid(), ran.lines());
  }

  /** That procfs has for the executable: one or, where there is no procfs, none. */
  List<String> paths() {
    return texts("path");
  }

  List<String> folders() {
    return texts("folder");
  }

  List<String> arguments() {
    return texts("argument");
  }

  List<String> environment() {
    return texts("environment");
  }

  /** The record of its exec: the last one of its process. */
  Exec told(TestNode node) {
    return node.records(Exec.class, pid).getLast();
  }

  /**
   * The record says what the witness says, and nothing of it is missing, or was gained by the exec.
   * The record.
   */
  Exec isTold(TestNode node) {
    var exec = told(node);
    assertThat(exec.flags()).as("flags").isEqualTo(exec.cwd().length == 1 ? Exec.ROOT_CWD : 0);
    agrees(exec);
    assertThat(exec.executable()).isEqualTo(executable(-1, -1));
    return exec;
  }

  /** All but the flags and what the executable gave. */
  void agrees(Exec exec) {
    assertThat(text(exec.arguments())).isEqualTo(terminated(arguments()));
    assertThat(paths()).containsAnyOf(text(exec.path()), text(exec.path()) + DELETED);
    assertThat(folders()).containsAnyOf(text(exec.cwd()), text(exec.cwd()) + DELETED);
    assertThat(exec.credentials()).isEqualTo(credentials());
    assertThat(exec.header().uid()).isEqualTo(credentials().euid());
    assertThat(exec.namespaces()).isEqualTo(namespaces());
    assertThat(exec.loginUid()).isEqualTo((int) number("login", 0, 10));
  }

  /** A NUL after each, as a record has them. */
  static String terminated(List<String> texts) {
    return texts.stream().map(text -> text + "\0").collect(joining());
  }

  /** Of one who is in no user namespace but the initial one. */
  Credentials credentials() {
    return new Credentials(
        id("Uid", 0),
        id("Gid", 0),
        id("Uid", 1),
        id("Gid", 1),
        id("Uid", 2),
        id("Gid", 2),
        id("Uid", 3),
        id("Gid", 3),
        (int) number("secure", 0, 10),
        number("status CapPrm:", 0, 16),
        number("status CapEff:", 0, 16),
        number("status CapInh:", 0, 16),
        0,
        0,
        0);
  }

  Namespaces namespaces() {
    return new Namespaces(
        namespace("uts"),
        namespace("ipc"),
        namespace("mnt"),
        namespace("pid"),
        namespace("pid_for_children"),
        namespace("net"),
        namespace("time"),
        namespace("time_for_children"),
        namespace("cgroup"),
        namespace("user"));
  }

  Executable executable(int setuid, int setgid) {
    return new Executable(
        number("file", 0, 10), number("file", 1, 10), (int) number("file", 2, 10), setuid, setgid);
  }

  private int id(String name, int which) {
    return (int) number("status " + name + ":", which, 10);
  }

  private int namespace(String name) {
    return (int) number("namespace " + name, 0, 10);
  }

  private long number(String what, int which, int radix) {
    var words = after(what).getFirst().split("\\s+", -1);
    return Long.parseUnsignedLong(words[which], radix);
  }

  private List<String> texts(String what) {
    return after(what).stream().map(hex -> text(HexFormat.of().parseHex(hex))).toList();
  }

  private List<String> after(String what) {
    return lines.stream()
        .filter(line -> line.startsWith(what))
        .map(line -> line.substring(what.length()).strip())
        .toList();
  }

  static String text(byte[] bytes) {
    return new String(bytes, ISO_8859_1);
  }
}
