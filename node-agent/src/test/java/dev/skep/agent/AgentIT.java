package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsKernel
class AgentIT {
  @TempDir private Path dir;

  @Test
  void aForbiddenWriteIsKilledBeforeTheFileChangesAndTold() {
    var ledger = file("ledger", "keep\n");
    try (var agent = RunningAgent.start(dir, "--policy", policy("kill", ledger, "Sigkill"))) {
      assertThat(Shell.run("echo lost >> " + ledger)).isEqualTo(Shell.KILLED);
      assertThat(ledger).hasContent("keep\n");

      var event = agent.awaitEvent("process_kprobe", e -> true);
      assertThat(event.at("/function_name").asText()).isEqualTo("__x64_sys_write");
      assertThat(event.at("/policy_name").asText()).isEqualTo("kill");
      assertThat(event.at("/action").asText()).isEqualTo("KPROBE_ACTION_SIGKILL");
      assertThat(event.at("/message").asText()).isEqualTo("a write to the ledger");
      assertThat(event.at("/args/0/file_arg/path").asText()).isEqualTo(ledger.toString());
      assertThat(event.at("/args/1/bytes_arg").asText()).isEqualTo("bG9zdAo="); // "lost\n"
      assertThat(event.at("/args/2/size_arg").asText()).isEqualTo("5");
      assertThat(event.at("/process/binary").asText()).endsWith("bash");
      assertThat(event.at("/process/arguments").asText())
          .isEqualTo("-c \"echo lost >> " + ledger + "\"");

      var exit = agent.awaitEvent("process_exit", e -> id(e).equals(id(event)) && !id(e).isEmpty());
      assertThat(exit.at("/signal").asText()).isEqualTo("SIGKILL");
      assertThat(agent.stop()).isZero();
    }
  }

  @Test
  void everyProcessThatAnEventNamesWasToldOf() {
    try (var agent = RunningAgent.start(dir)) {
      Shell.run("/bin/true; (sleep 0.01); env true \"two words\"");
      var last =
          agent.awaitEvent(
              "process_exec", e -> e.at("/process/arguments").asText().equals("\"two words\""));
      agent.awaitEvent("process_exit", e -> id(e).equals(id(last)));
      agent.stop();

      var told = agent.events("process_exec").stream().map(AgentIT::id).collect(Collectors.toSet());
      assertThat(agent.events("process_exec"))
          .filteredOn(e -> !e.at("/process/flags").asText().contains("procFS"))
          .isNotEmpty()
          .allSatisfy(e -> {
            assertThat(e.at("/process/flags").asText()).startsWith("execve");
            assertThat(told).contains(e.at("/parent/exec_id").asText());
          });
      assertThat(last.at("/process/flags").asText()).doesNotContain("miss");
    }
  }

  @Test
  void theFirstProcessOfANamespaceMayWriteAndItsChildMayNot() {
    var ledger = file("ledger", "");
    var policy =
        policy(
            "by-pid",
            ledger,
            "Sigkill",
            "matchPIDs: [{operator: NotIn, isNamespacePID: true, followForks: false, values: [0, 1]}]");
    try (var agent = RunningAgent.start(dir, "--policy", policy)) {
      var inNamespace = "unshare --pid --fork --mount-proc bash -c ";

      assertThat(Shell.run(inNamespace + "'echo first >> " + ledger + "'")).isZero();
      assertThat(ledger).hasContent("first\n");
      assertThat(Shell.run(inNamespace + "'bash -c \"echo child >> " + ledger + "\"; exit $?'"))
          .isEqualTo(Shell.KILLED);
      assertThat(ledger).hasContent("first\n");
      agent.awaitEvent("process_kprobe", e -> true);
    }
  }

  @Test
  void whoIsExemptWithHisChildrenMayWriteAndNobodyElse() throws IOException {
    var ledger = file("ledger", "");
    var shell = Shell.start("read -r; bash -c 'echo child >> " + ledger + "'; exit $?");
    var policy =
        policy(
            "by-tree",
            ledger,
            "Sigkill",
            "matchPIDs: [{operator: NotIn, followForks: true, values: [" + shell.pid() + "]}]");
    try (var agent = RunningAgent.start(dir, "--policy", policy)) {
      try (var input = shell.getOutputStream()) {
        input.write('\n');
      }

      assertThat(Shell.exitCode(shell)).isZero();
      assertThat(ledger).hasContent("child\n");
      assertThat(Shell.run("echo other >> " + ledger)).isEqualTo(Shell.KILLED);
      assertThat(ledger).hasContent("child\n");
      agent.awaitEvent("process_kprobe", e -> true);
    }
  }

  @Test
  void twoPoliciesOnOneSystemCallDoNotDisturbEachOther() {
    var guarded = file("guarded", "keep\n");
    var watched = file("watched", "");
    try (var agent =
        RunningAgent.start(
            dir,
            "--policy",
            policy("guard", guarded, "Sigkill"),
            "--policy",
            policy("watch", watched, "Post"))) {
      assertThat(Shell.run("echo seen >> " + watched)).isZero();
      assertThat(Shell.run("echo lost >> " + guarded)).isEqualTo(Shell.KILLED);

      assertThat(agent.awaitEvent("process_kprobe", e -> policyOf(e).equals("watch")).at("/action"))
          .hasToString("\"KPROBE_ACTION_POST\"");
      assertThat(agent.awaitEvent("process_kprobe", e -> policyOf(e).equals("guard")).at("/action"))
          .hasToString("\"KPROBE_ACTION_SIGKILL\"");
      assertThat(watched).hasContent("seen\n");
      assertThat(guarded).hasContent("keep\n");
      assertThat(agent.events("process_kprobe")).hasSize(2);
    }
  }

  @Test
  void whatACallReturnedIsInItsEvent() {
    var watched = file("watched", "");
    var policy = policy("returns", watched, "Post");
    replace(
        policy,
        "syscall: true",
        "syscall: true\n    return: true\n    returnArg: {index: 0, type: long}");
    try (var agent = RunningAgent.start(dir, "--policy", policy)) {
      assertThat(Shell.run("echo seen >> " + watched)).isZero();

      var event = agent.awaitEvent("process_kprobe", e -> true);
      assertThat(event.at("/return/long_arg").asText()).isEqualTo("5");
    }
  }

  @Test
  void inMonitorModeAWriteGoesThroughAndIsTold() {
    var ledger = file("ledger", "");
    var policy = policy("look", ledger, "Sigkill");
    replace(policy, "spec:", "spec:\n  mode: monitor");
    try (var agent = RunningAgent.start(dir, "--policy", policy)) {
      assertThat(Shell.run("echo more >> " + ledger)).isZero();

      assertThat(ledger).hasContent("more\n");
      assertThat(agent.awaitEvent("process_kprobe", e -> true).at("/action").asText())
          .isEqualTo("KPROBE_ACTION_SIGKILL");
    }
  }

  @Test
  void aBrokenPolicyKeepsTheAgentFromStartingAndNothingIsLoaded() {
    var ledger = file("ledger", "");
    var broken = policy("broken", ledger, "Sigkil");
    try (var agent =
        RunningAgent.launch(
            dir, "--policy", policy("good", ledger, "Sigkill"), "--policy", broken)) {
      assertThat(agent.awaitExit()).isEqualTo(1);
      assertThat(agent.log().lines())
          .singleElement()
          .asString()
          .startsWith(broken + ": spec.kprobes[0].selectors[0].matchActions[0].action: ");
      assertThat(Shell.run("echo more >> " + ledger)).isZero();
    }
  }

  @Test
  void aSecondAgentOnTheSameFolderIsRefusedInOneLine() {
    try (var first = RunningAgent.start(dir)) {
      var second = RunningAgent.launch(dir);
      assertThat(second.awaitExit()).isEqualTo(1);
      assertThat(second.log().lines())
          .singleElement()
          .asString()
          .contains(Long.toString(first.pid()));
    }
  }

  @Test
  void optionsComeFromTheEnvironmentAndFromAFolder() throws IOException {
    var ledger = file("ledger", "keep\n");
    var config = Files.createDirectory(dir.resolve("config"));
    Files.writeString(config.resolve("tracing-policy"), policy("kill", ledger, "Sigkill") + "\n");
    Files.writeString(config.resolve("export-filename"), dir.resolve("not-this") + "\n");
    var export = dir.resolve("export.json");
    try (var agent =
        RunningAgent.startBy(
            List.of("env", "SKEP_CONFIG_DIR=" + config, "SKEP_EXPORT_FILENAME=" + export), dir)) {
      assertThat(Shell.run("echo lost >> " + ledger)).isEqualTo(Shell.KILLED);
      agent.stop();

      assertThat(Files.readString(export)).contains("KPROBE_ACTION_SIGKILL");
      assertThat(dir.resolve("not-this")).doesNotExist();
    }
  }

  @Test
  void aWrongOptionEndsTheAgentBeforeItTouchesTheKernel() throws IOException {
    var config = Files.createDirectory(dir.resolve("config"));
    Files.writeString(config.resolve("no-such-option"), "1");

    var agent = RunningAgent.launch(dir, "--config-dir", config.toString());

    assertThat(agent.awaitExit()).isEqualTo(2);
    assertThat(agent.log()).startsWith(config.resolve("no-such-option") + ": no such option");
    assertThat(RunningAgent.pins(dir)).doesNotExist();
  }

  @Test
  void whoIsNotRootIsToldInOneLine() {
    var nobody =
        List.of(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            // Else it could not even read the classes under test.
            "--inh-caps=-all,+dac_read_search",
            "--ambient-caps=-all,+dac_read_search");
    var agent = RunningAgent.launchBy(nobody, dir);

    assertThat(agent.awaitExit()).isEqualTo(1);
    assertThat(agent.log().lines()).singleElement().asString().contains("run it as root");
  }

  @Test
  void withoutTheRightsItNeedsTheAgentSaysSoInOneLine() {
    var agent =
        RunningAgent.launchBy(
            List.of("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"), dir);

    assertThat(agent.awaitExit()).isEqualTo(1);
    assertThat(agent.log().lines()).singleElement().asString().contains("CAP_SYS_ADMIN");
    assertThat(agent.events()).isEmpty();
  }

  @Test
  void anOutputThatNobodyReadsDoesNotKeepTheAgentFromEnding() throws Exception {
    var pipe = dir.resolve("pipe");
    assertThat(Shell.run("mkfifo " + pipe)).isZero();
    var reader = Shell.start("exec 3< " + pipe + "; sleep 1000");
    try (var agent = RunningAgent.start(dir, "--export", pipe.toString())) {
      Shell.run("for i in {1..500}; do /bin/true " + "x".repeat(1000) + "; done");
      int code = agent.stop();

      assertThat(code).isIn(0, 143);
      assertThat(RunningAgent.pins(dir)).doesNotExist();
    } finally {
      reader.destroyForcibly();
    }
  }

  @Test
  void aPolicyGoesWithTheAgentUnlessItIsToStay() {
    var ledger = file("ledger", "");
    var policy = policy("kill", ledger, "Sigkill");
    try (var agent = RunningAgent.start(dir, "--policy", policy)) {
      assertThat(agent.stop()).isZero();
      assertThat(Shell.run("echo more >> " + ledger)).isZero();
      assertThat(RunningAgent.pins(dir)).doesNotExist();
    }
    try (var agent = RunningAgent.start(dir, "--policy", policy, "--on-exit", "keep")) {
      assertThat(agent.stop()).isZero();
      assertThat(Shell.run("echo lost >> " + ledger)).isEqualTo(Shell.KILLED);
    }
    assertThat(Shell.run("echo more >> " + ledger)).isZero();
    assertThat(ledger).hasContent("more\nmore\n");
  }

  @Test
  void nothingForbiddenGetsThroughWhileAnAgentIsReplaced() throws Exception {
    var ledger = file("ledger", "keep\n");
    var policy = policy("kill", ledger, "Sigkill");
    var attempts = file("attempts", "");
    try (var first = RunningAgent.start(dir, "--policy", policy, "--on-exit", "keep")) {
      var attacker =
          Shell.start(
              "while :; do bash -c 'echo lost >> %s'; echo $? >> %s; done"
                  .formatted(ledger, attempts));
      first.kill();
      var second = RunningAgent.start(dir, "--policy", policy, "--on-exit", "keep");
      int before = Files.readAllLines(attempts).size();
      await().until(() -> Files.readAllLines(attempts).size() > before + 20);
      attacker.destroyForcibly().waitFor();

      assertThat(ledger).hasContent("keep\n");
      assertThat(Files.readAllLines(attempts)).containsOnly("137");
      second.awaitEvent("process_kprobe", e -> policyOf(e).equals("kill"));
      second.kill();
    }
  }

  @Test
  void eventsGoToAFileThatOnlyItsOwnerReads() throws IOException {
    var export = dir.resolve("export.json");
    try (var agent = RunningAgent.start(dir, "--export", export.toString())) {
      Shell.run("true marker");
      agent.stop();

      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(export)))
          .isEqualTo("rw-------");
      assertThat(Files.readString(export)).contains("true marker").endsWith("}\n");
      assertThat(agent.events()).isEmpty();
    }
  }

  @Test
  void anExportFileIsRotatedAndNoLineIsLostOrCut() throws IOException {
    var logs = Files.createDirectory(dir.resolve("logs"));
    var export = logs.resolve("events.log");
    try (var agent =
        RunningAgent.start(
            dir,
            "--export-filename",
            export.toString(),
            "--export-file-max-size-mb",
            "1",
            "--export-file-max-backups",
            "0",
            "--export-file-compress")) {
      Shell.run("for i in {1..150}; do /bin/true rotated-$i " + "x".repeat(10_000) + "; done");
      agent.stop();
    }

    assertThat(Shell.run("ls " + logs + "/events-*.gz")).isZero();
    var all = dir.resolve("all");
    assertThat(Shell.run("cd %s && (zcat events-*.gz; cat events.log) > %s".formatted(logs, all)))
        .isZero();
    var told =
        Files.readAllLines(all).stream()
            .map(AgentIT::json)
            .filter(line -> line.has("process_exec"))
            .map(line -> line.at("/process_exec/process/arguments").asText())
            .filter(arguments -> arguments.startsWith("rotated-"))
            .toList();
    assertThat(told).hasSize(150).first().asString().startsWith("rotated-1 x");
  }

  private Path file(String name, String text) {
    try {
      return Files.writeString(dir.resolve(name), text).toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of writes to a file; the path of the policy. */
  private String policy(String name, Path file, String action, String... further) {
    var text =
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicy
        metadata: {name: %s}
        spec:
          kprobes:
          - call: sys_write
            syscall: true
            message: a write to the ledger
            args:
            - {index: 0, type: fd}
            - {index: 1, type: char_buf, sizeArgIndex: 3}
            - {index: 2, type: size_t}
            selectors:
            - matchArgs: [{index: 0, operator: Equal, values: ["%s"]}]
              matchActions: [{action: %s}]
              %s
        """
            .formatted(name, file, action, String.join("\n      ", further));
    return file(name + ".yaml", text).toString();
  }

  private static void replace(String file, String what, String by) {
    try {
      Files.writeString(Path.of(file), Files.readString(Path.of(file)).replace(what, by));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode json(String line) {
    try {
      return new ObjectMapper().readTree(line);
    } catch (IOException e) {
      throw new UncheckedIOException("no JSON: " + line, e);
    }
  }

  private static String id(JsonNode event) {
    return event.at("/process/exec_id").asText();
  }

  private static String policyOf(JsonNode event) {
    return event.at("/policy_name").asText();
  }
}
