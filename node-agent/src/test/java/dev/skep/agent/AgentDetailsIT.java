package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What events tell on demand, held against procfs. */
@NeedsKernel
class AgentDetailsIT {
  /** By number; the second is the wire format's own spelling. */
  private static final List<String> FIRST_CAPABILITIES =
      List.of("CAP_CHOWN", "DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID");

  @TempDir private Path dir;

  @Test
  void credentialsAreThoseThatProcfsShows() {
    try (var agent = RunningAgent.start(dir, "--enable-process-cred")) {
      var cat =
          Shell.start(
              "exec setpriv --reuid=1234 --regid=1235 --clear-groups"
                  + " --inh-caps=-all,+chown,+fowner --ambient-caps=-all,+chown cat");
      var process = exec(agent, cat, "cat");

      var status = status(cat.pid());
      var told = process.at("/process_credentials");
      assertThat(numbers(told, "uid", "euid", "suid", "fsuid")).isEqualTo(field(status, "Uid"));
      assertThat(numbers(told, "gid", "egid", "sgid", "fsgid")).isEqualTo(field(status, "Gid"));
      assertThat(told.at("/uid").asInt()).isEqualTo(1234);
      assertThat(words(process.at("/cap/permitted"))).isEqualTo(names(field(status, "CapPrm")));
      assertThat(words(process.at("/cap/effective"))).isEqualTo(names(field(status, "CapEff")));
      assertThat(words(process.at("/cap/inheritable")))
          .isEqualTo(names(field(status, "CapInh")))
          .containsExactly("CAP_CHOWN", "CAP_FOWNER");
      assertThat(told.at("/caps")).isEqualTo(process.at("/cap"));
      assertThat(told.at("/user_ns/ns/is_host").asBoolean()).isTrue();
      assertThat(process.has("ns")).isFalse();
      cat.destroy();
    }
  }

  @Test
  void namespacesAreThoseThatProcfsShowsAndItIsKnownWhichAreTheHosts() throws IOException {
    try (var agent = RunningAgent.start(dir, "--enable-process-ns")) {
      var cat = Shell.start("exec unshare --uts --net cat");
      var told = exec(agent, cat, "cat").at("/ns");

      for (var kind :
          List.of("uts", "ipc", "mnt", "pid", "pid_for_children", "net", "cgroup", "user")) {
        assertThat(
                "%s:[%s]"
                    .formatted(
                        kind.replace("_for_children", ""), told.at("/" + kind + "/inum").asText()))
            .isEqualTo(link(cat.pid(), kind));
        assertThat(told.at("/" + kind + "/is_host").asBoolean())
            .describedAs(kind)
            .isEqualTo(!List.of("uts", "net").contains(kind));
      }
      cat.destroy();
    }
  }

  @Test
  void usersHaveTheNamesOfTheHostsAccounts() {
    try (var agent = RunningAgent.start(dir, "--username-metadata", "unix")) {
      var root = Shell.start("exec cat");
      var nobody = Shell.start("exec setpriv --reuid=65534 cat");
      var stranger = Shell.start("exec setpriv --reuid=4321 cat");

      assertThat(exec(agent, root, "cat").at("/user/name").asText()).isEqualTo("root");
      assertThat(exec(agent, nobody, "cat").at("/user/name").asText()).isEqualTo("nobody");
      assertThat(exec(agent, stranger, "cat").has("user")).isFalse();
      List.of(root, nobody, stranger).forEach(Process::destroy);
    }
  }

  @Test
  void ancestorsAreTheLineOfParentsUpToTheKernel() {
    try (var agent = RunningAgent.start(dir, "--enable-ancestors", "base")) {
      var outer = Shell.start("bash -c 'bash -c \"cat; true\"; true'; true");
      var event =
          agent.awaitEvent(
              "process_exec",
              e -> e.at("/process/binary").asText().endsWith("/cat") && descends(e, outer.pid()));

      var expected = new ArrayList<Long>();
      for (long pid = event.at("/parent/pid").asLong(); pid != 0; ) {
        pid = Long.parseLong(field(status(pid), "PPid").getFirst());
        expected.add(pid);
      }
      assertThat(expected).startsWith(pids(event).toArray(Long[]::new));
      assertThat(pids(event)).contains(outer.pid(), ProcessHandle.current().pid());
      outer.descendants().forEach(ProcessHandle::destroy);
      outer.destroy();
    }
  }

  @Test
  void thoseVariablesAreToldThatAreAskedForAndNoOthers() {
    try (var agent =
        RunningAgent.start(
            dir,
            "--enable-process-environment-variables",
            "--filter-environment-variables",
            "SKEP_SHOWN,SKEP_EMPTY")) {
      var cat = Shell.start("exec env SKEP_SHOWN='a=b c' SKEP_EMPTY= SKEP_SECRET=x cat");
      var variables = exec(agent, cat, "cat").at("/environment_variables");

      assertThat(variables.findValuesAsText("Key")).containsExactly("SKEP_SHOWN", "SKEP_EMPTY");
      assertThat(variables.at("/0/Value").asText()).isEqualTo("a=b c");
      assertThat(agent.events().toString()).doesNotContain("SKEP_SECRET\"");
      cat.destroy();
    }
  }

  @Test
  void aSetuidProgramSaysSoInItsExecAlone() throws IOException {
    var program = dir.resolve("setuid-true");
    assertThat(
            Shell.run(
                "chmod 755 %s; cp /bin/true %s; chmod 4755 %s".formatted(dir, program, program)))
        .isZero();
    try (var agent = RunningAgent.start(dir, "--enable-process-cred")) {
      assertThat(Shell.run("setpriv --reuid=65534 --clear-groups " + program)).isZero();

      var exec = agent.awaitEvent("process_exec", e -> binary(e).equals(program.toString()));
      assertThat(exec.at("/process/binary_properties/setuid").asText()).isEqualTo("0");
      assertThat(words(exec.at("/process/binary_properties/privileges_changed")))
          .containsExactly("PRIVILEGES_RAISED_EXEC_FILE_SETUID");
      var exit = agent.awaitEvent("process_exit", e -> binary(e).equals(program.toString()));
      assertThat(exit.at("/process").has("binary_properties")).isFalse();
    }
  }

  @Test
  void withoutTheOptionsNothingOfAllThatIsTold() {
    try (var agent = RunningAgent.start(dir)) {
      var cat = Shell.start("exec cat");
      var process = exec(agent, cat, "cat");

      assertThat(process.fieldNames())
          .toIterable()
          .containsExactly(
              "exec_id",
              "pid",
              "uid",
              "cwd",
              "binary",
              "flags",
              "start_time",
              "auid",
              "parent_exec_id",
              "refcnt",
              "tid",
              "in_init_tree");
      cat.destroy();
    }
  }

  private static JsonNode exec(RunningAgent agent, Process process, String program) {
    return agent
        .awaitEvent(
            "process_exec",
            e ->
                e.at("/process/pid").asLong() == process.pid() && binary(e).endsWith("/" + program))
        .get("process");
  }

  private static String binary(JsonNode event) {
    return event.at("/process/binary").asText();
  }

  private static boolean descends(JsonNode event, long pid) {
    return pids(event).contains(pid);
  }

  private static List<Long> pids(JsonNode event) {
    return StreamSupport.stream(event.at("/ancestors").spliterator(), false)
        .map(ancestor -> ancestor.get("pid").asLong())
        .toList();
  }

  private static List<String> numbers(JsonNode of, String... names) {
    return List.of(names).stream().map(name -> of.get(name).asText()).toList();
  }

  private static List<String> words(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }

  /** Of a set that procfs shows in hexadecimal digits. */
  private static List<String> names(List<String> set) {
    long bits = Long.parseUnsignedLong(set.getFirst(), 16);
    assertThat(bits >>> FIRST_CAPABILITIES.size()).isZero();
    var names = new ArrayList<String>();
    for (int i = 0; i < FIRST_CAPABILITIES.size(); i++) {
      if ((bits >> i & 1) == 1) {
        names.add(FIRST_CAPABILITIES.get(i));
      }
    }
    return names;
  }

  private static Map<String, List<String>> status(long pid) {
    try (var lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
      return lines
          .map(line -> line.split("[:\\s]+"))
          .collect(
              Collectors.toMap(
                  words -> words[0],
                  words -> List.of(words).subList(1, words.length),
                  (first, _) -> first));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> field(Map<String, List<String>> status, String name) {
    return Objects.requireNonNull(status.get(name), name);
  }

  private static String link(long pid, String kind) throws IOException {
    return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/" + kind)).toString();
  }
}
