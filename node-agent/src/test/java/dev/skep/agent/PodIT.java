package dev.skep.agent;

import static dev.skep.agent.Cgroups.in;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import dev.skep.cluster.NeedsKernel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** Real processes in cgroups as kubelet makes them, pods of a real API server, no kubelet. */
@NeedsKernel
@NeedsControlPlane
@TestInstance(Lifecycle.PER_CLASS)
class PodIT {
  private static final String SHOP = "default";

  private final ControlPlane cluster = ControlPlane.shared();

  @BeforeAll
  void install() {
    cluster.install();
  }

  @Test
  void aProcessIsToldWithItsPodFromExecToExitAndThePodMayComeLater(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    try (var agent = start(pods, dir)) {
      var pod = pods.make(SHOP, "{app: till}");
      var uid = pods.uid(SHOP, pod);
      var id = ClusterPods.newId();
      try (var cgroup = new PodCgroup(dir, uid)) {
        var container = cgroup.container(id);
        assertThat(Shell.run("/bin/true early-host")).isZero();
        assertThat(Shell.run(in(container, "bash -c '/bin/true alive; exit'"))).isZero();
        // Those of the host do not wait for it.
        agent.awaitEvent("process_exec", e -> arguments(e).equals("early-host"));
        pods.running(SHOP, pod, id);

        var exec = agent.awaitEvent("process_exec", e -> arguments(e).equals("alive"));
        var exit = agent.awaitEvent("process_exit", e -> arguments(e).equals("alive"));
        assertThat(exec.at("/process/docker").asText()).isEqualTo(id.substring(0, 31));
        assertThat(exit.at("/process/pod")).isEqualTo(exec.at("/process/pod"));
        assertThat(exec.at("/parent/pod/uid").asText()).isEqualTo(uid);
        var told = exec.at("/process/pod");
        assertThat(told.at("/namespace").asText()).isEqualTo(SHOP);
        assertThat(told.at("/name").asText()).isEqualTo(pod);
        assertThat(told.at("/uid").asText()).isEqualTo(uid);
        assertThat(told.at("/pod_labels/app").asText()).isEqualTo("till");
        assertThat(told.at("/workload_kind").asText()).isEqualTo("ReplicaSet");
        assertThat(told.at("/container/id").asText()).isEqualTo("containerd://" + id);
        assertThat(told.at("/container/name").asText()).isEqualTo("main");
        assertThat(told.at("/container/image/name").asText()).isEqualTo("example.org/shop/till:1");
        assertThat(told.at("/container/start_time").asText()).isEqualTo("2026-01-02T03:04:05Z");
        assertThat(told.at("/container/pid").asLong()).isEqualTo(exec.at("/process/pid").asLong());
        assertThat(told.at("/container/maybe_exec_probe").asBoolean()).isTrue();
        assertThat(told.at("/container/security_context/privileged").asBoolean()).isTrue();

        // Below the container, as systemd in one makes them; made while the agent looks on.
        var nested = PodCgroup.make(container.resolve("init.scope"));
        assertThat(Shell.run(in(nested, "/bin/true nested"))).isZero();
        var below = agent.awaitEvent("process_exec", e -> arguments(e).equals("nested"));
        assertThat(below.at("/process/pod/container/id").asText()).isEqualTo("containerd://" + id);
        assertThat(below.at("/process/pod/container").has("maybe_exec_probe")).isFalse();
      }
      assertThat(agent.log()).doesNotContain("ERROR");
    }
  }

  @Test
  void aProcessThatWasThereBeforeTheAgentHasItsPod(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    var kubeconfig = kubeconfig(pods);
    var pod = pods.make(SHOP, "{app: till}");
    var id = ClusterPods.newId();
    pods.running(SHOP, pod, id);
    try (var cgroup = new PodCgroup(dir, pods.uid(SHOP, pod))) {
      var sleeper = Shell.start(in(cgroup.container(id), "exec sleep 4321"));
      try (var agent = start(pods, kubeconfig, dir)) {
        var exec =
            agent.awaitEvent(
                "process_exec",
                e -> e.at("/process/pid").asLong() == sleeper.pid() && arguments(e).equals("4321"));
        assertThat(exec.at("/process/flags").asText()).contains("procFS");
        assertThat(exec.at("/process/pod/name").asText()).isEqualTo(pod);
        assertThat(exec.at("/process/pod/container/name").asText()).isEqualTo("main");
      } finally {
        sleeper.destroyForcibly();
        Shell.exitCode(sleeper);
      }
    }
  }

  @Test
  void labelsAreThoseOfTheMomentAndADeletedPodIsRemembered(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    try (var agent = start(pods, dir)) {
      var pod = pods.make(SHOP, "{color: blue}");
      var id = ClusterPods.newId();
      try (var cgroup = new PodCgroup(dir, pods.uid(SHOP, pod))) {
        pods.running(SHOP, pod, id);
        pods.label(SHOP, pod, "color=green");
        var container = cgroup.container(id);
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> color(agent, container, "recolored").equals("green"));

        pods.delete(SHOP, pod);
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> color(agent, container, "deleted").equals("green"));
      }
    }
  }

  @Test
  void aPodThatTheApiServerDoesNotKnowIsWaitedForAWhileAndThenDoneWithout(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    try (var agent = start(pods, dir);
        var cgroup = new PodCgroup(dir, UUID.randomUUID().toString())) {
      var id = ClusterPods.newId();
      assertThat(Shell.run(in(cgroup.container(id), "/bin/true stray"))).isZero();

      var exec = agent.awaitEvent("process_exec", e -> arguments(e).equals("stray"));
      assertThat(exec.at("/process/docker").asText()).isEqualTo(id.substring(0, 31));
      assertThat(exec.at("/process").has("pod")).isFalse();
      agent.awaitLog("pod_missing");
    }
  }

  /** The label of the pod as a process that starts now is told with. */
  private static String color(RunningAgent agent, Path cgroup, String what) {
    var argument = what + "-" + System.nanoTime();
    assertThat(Shell.run(in(cgroup, "/bin/true " + argument))).isZero();
    return agent
        .awaitEvent("process_exec", e -> arguments(e).equals(argument))
        .at("/process/pod/pod_labels/color")
        .asText();
  }

  private static String arguments(JsonNode event) {
    return event.at("/process/arguments").asText();
  }

  private RunningAgent start(ClusterPods pods, Path dir) {
    return start(pods, kubeconfig(pods), dir);
  }

  private static RunningAgent start(ClusterPods pods, Path kubeconfig, Path dir) {
    return RunningAgent.start(
        dir, "--kube", "--kubeconfig", kubeconfig.toString(), "--node-name", pods.node());
  }

  /** Makes the Node, too. */
  private Path kubeconfig(ClusterPods pods) {
    return cluster.kubeconfigOf(ClusterPods.NAMESPACE, "skep-agent", pods.node());
  }
}
