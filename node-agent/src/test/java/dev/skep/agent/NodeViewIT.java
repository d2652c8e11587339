package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that is a container, beside others on the same kernel, as kind makes them. */
@NeedsKernel
@NeedsPolicies
class NodeViewIT {
  private static final String POLICY =
      """
      apiVersion: skep.dev/v1alpha1
      kind: TracingPolicy
      metadata: {name: guard}
      spec:
        kprobes:
        - call: sys_write
          syscall: true
          args: [{index: 0, type: fd}]
          selectors:
          - matchArgs: [{index: 0, operator: Equal, values: ["LEDGER"]}]
            matchActions: [{action: Sigkill}]
      """;

  /** Goes into a cgroup, which is the root of all from then on, and becomes process 1. */
  private static final String CONTAINER =
      """
      echo $$ >"$1/cgroup.procs" && shift
      exec unshare --pid --fork --kill-child --mount --cgroup bash -c '
        mount -t proc proc /proc && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' bash "$@"
      """;

  @TempDir private Path dir;
  private Path cgroup = Path.of("");

  @BeforeEach
  void makeCgroup() throws IOException {
    cgroup = Files.createDirectory(Cgroups.hierarchy().resolve("skep-node-" + dir.getFileName()));
  }

  /** The last of its processes may still be on their way out. */
  @AfterEach
  void removeCgroup() {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> {
          Files.deleteIfExists(cgroup.resolve("pod"));
          Files.deleteIfExists(cgroup);
        });
  }

  @Test
  void itsAgentSeesAndGuardsItsOwnProcessesByTheIdsThatTheyHaveThere() throws IOException {
    var ledger = Files.writeString(dir.resolve("ledger"), "paid\n");
    var policy =
        Files.writeString(dir.resolve("guard.yaml"), POLICY.replace("LEDGER", ledger.toString()));
    try (var agent = RunningAgent.startBy(container(), dir, "--policy", policy.toString())) {
      assertThat(
              inside(
                  agent,
                  "echo 0 >/sys/fs/cgroup/cgroup.procs; echo $BASHPID >%s/pid; exec /bin/true inside"
                      .formatted(dir)))
          .isZero();
      assertThat(Shell.run("/bin/true outside; echo gift >>" + ledger)).isZero();
      assertThat(
              inside(
                  agent,
                  "mkdir /sys/fs/cgroup/pod; echo 0 >/sys/fs/cgroup/pod/cgroup.procs;"
                      + " echo stolen >>"
                      + ledger))
          .isEqualTo(Shell.KILLED);

      var told =
          agent.awaitEvent(
              "process_exec", e -> e.at("/process/arguments").asText().equals("inside"));
      assertThat(told.at("/process/pid").asText())
          .isEqualTo(Files.readString(dir.resolve("pid")).strip());
      assertThat(told.at("/process/tid")).isEqualTo(told.at("/process/pid"));
      var kill = agent.awaitEvent("process_kprobe", _ -> true);
      assertThat(kill.at("/action").asText()).isEqualTo("KPROBE_ACTION_SIGKILL");
      assertThat(kill.at("/process/pid").asLong()).isLessThan(1000);
      agent.awaitEvent(
          "process_exit",
          e ->
              e.at("/process/exec_id").equals(kill.at("/process/exec_id"))
                  && e.at("/signal").asText().equals("SIGKILL"));
      assertThat(agent.events("process_exec"))
          .noneMatch(e -> e.at("/process/arguments").asText().equals("outside"));
      assertThat(agent.events("process_exec"))
          .as("its own start, as it finds it")
          .anyMatch(e -> e.at("/process/pid").asInt() == 1);
      assertThat(Files.readString(ledger)).isEqualTo("paid\ngift\n");
      end(agent);
    }
  }

  @Test
  void anAgentThatCannotSeeTheNodesProcessesDoesNotStart() {
    try (var agent =
        RunningAgent.launchBy(List.of("unshare", "--pid", "--fork", "--mount-proc"), dir)) {
      assertThat(agent.awaitExit()).isNotZero();
      assertThat(agent.log()).contains("hostPID");
    }
  }

  private List<String> container() {
    return List.of("bash", "-c", CONTAINER, "bash", cgroup.toString());
  }

  /** Runs a script in the node; the exit code. */
  private static int inside(RunningAgent agent, String script) {
    return Shell.run(
        "nsenter --target %d --pid --mount --cgroup bash -c '%s'"
            .formatted(itself(agent).pid(), script.replace("'", "'\\''")));
  }

  /** Whoever ends the program that started it ends it, too, but only some time later. */
  private static void end(RunningAgent agent) {
    var itself = itself(agent);
    itself.destroyForcibly();
    await().atMost(Duration.ofSeconds(60)).until(() -> !itself.isAlive());
  }

  private static ProcessHandle itself(RunningAgent agent) {
    return ProcessHandle.of(agent.pid()).orElseThrow().children().findFirst().orElseThrow();
  }
}
