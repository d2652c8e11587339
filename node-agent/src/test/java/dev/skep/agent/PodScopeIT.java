package dev.skep.agent;

import static dev.skep.agent.Cgroups.in;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import dev.skep.cluster.NeedsKernel;
import dev.skep.nodeconfig.NodeConfig;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Policies that choose among pods, against real processes in cgroups as kubelet makes them. */
@NeedsKernel
@NeedsControlPlane
@TestInstance(Lifecycle.PER_CLASS)
class PodScopeIT {
  private static final Logger LOG = LoggerFactory.getLogger(PodScopeIT.class);
  private static final String SHOP = "default";
  private static final String BANK = "kube-public";
  private static final Duration SOON = Duration.ofSeconds(45);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ControlPlane cluster = ControlPlane.shared();
  private Path ledger = Path.of("");

  @BeforeAll
  void install() {
    cluster.install();
  }

  @BeforeEach
  void makeLedger(@TempDir Path dir) throws IOException {
    ledger = Files.writeString(dir.resolve("ledger"), "paid\n").toRealPath();
  }

  @Test
  void labelsOfARunningPodDecideAndNobodyElseIsTouched(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    try (var agent = start(pods, dir, policy(null, "podSelector: {matchLabels: {guard: 'on'}}"));
        var chosen = new TestPod(pods, dir, SHOP, "{guard: \"off\"}");
        var other = new TestPod(pods, dir, SHOP, "{guard: \"off\"}")) {
      agent.awaitLog("policy guard: Loaded");
      assertThat(chosen.write()).isZero();

      long began = System.nanoTime();
      chosen.label("guard=on");
      tell("label to covered", began, chosen);
      assertThat(other.write()).isZero();
      assertThat(Shell.run("echo host >>" + ledger)).isZero();
      // Made after the policy: covered from its first instruction.
      var nested = PodCgroup.make(chosen.container.resolve("later"));
      assertThat(Shell.run(in(nested, "echo gift >>" + ledger))).isEqualTo(Shell.KILLED);

      began = System.nanoTime();
      chosen.label("guard=off");
      await().atMost(SOON).pollInterval(Duration.ofMillis(20)).until(() -> chosen.write() == 0);
      LOG.info("label to uncovered: {} ms", (System.nanoTime() - began) / 1_000_000);
      assertThat(agent.log()).doesNotContain("ERROR");
    }
  }

  /** Between a pod's cgroup and its first container kubelet makes a sandbox, which takes longer. */
  @Test
  void onceAPodsCgroupIsThereItsContainersAreCoveredFromTheirFirstInstruction(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    try (var agent = start(pods, dir, policy(null, "podSelector: {matchLabels: {guard: 'on'}}"))) {
      agent.awaitLog("policy guard: Loaded");
      for (int i = 0; i < 10; i++) {
        try (var pod = new TestPod(pods, dir, SHOP, "{guard: \"on\"}")) {
          pod.awaitKilledIn(pod.cgroup.pod());
          var later = pod.cgroup.container(ClusterPods.newId());
          assertThat(pod.writeIn(later)).isEqualTo(Shell.KILLED);
        }
      }
    }
  }

  @Test
  void aPolicyOfANamespaceNeverActsOutsideOfIt(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    try (var agent = start(pods, dir, policy(BANK, "podSelector: {}"));
        var theirs = new TestPod(pods, dir, BANK, "{app: till}");
        var ours = new TestPod(pods, dir, SHOP, "{app: till}")) {
      agent.awaitLog("guard: Loaded");
      theirs.awaitKilled();
      assertThat(ours.write()).isZero();
      assertThat(Shell.run("echo host >>" + ledger)).isZero();

      // The pod is deleted by force and runs on: it stays covered.
      theirs.delete();
      await()
          .during(Duration.ofSeconds(2))
          .atMost(Duration.ofSeconds(5))
          .until(() -> theirs.write() == Shell.KILLED);
    }
  }

  @Test
  void aContainerSelectorCoversTheContainerOnceItsStatusIsThere(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    try (var agent =
            start(pods, dir, policy(null, "containerSelector: {matchLabels: {name: main}}"));
        var pod = new TestPod(pods, dir, SHOP, "{app: till}")) {
      agent.awaitLog("policy guard: Loaded");
      assertThat(pod.write()).isZero();

      long began = System.nanoTime();
      pods.running(SHOP, pod.name, pod.id);
      tell("status to covered", began, pod);
    }
  }

  @Test
  void aHostSelectorLeavesPodsAlone(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    try (var agent = start(pods, dir, policy(null, "hostSelector: {}"));
        var pod = new TestPod(pods, dir, SHOP, "{app: till}")) {
      agent.awaitLog("policy guard: Loaded");
      await().atMost(SOON).until(() -> Shell.run("echo host >>" + ledger) == Shell.KILLED);
      assertThat(pod.write()).isZero();
    }
  }

  @Test
  void aRestartedAgentLeavesNoGap(@TempDir Path dir) {
    var pods = ClusterPods.onNewNode(cluster);
    var kubeconfig = kubeconfig(pods);
    configure(pods.node(), policy(null, "podSelector: {matchLabels: {guard: 'on'}}"));
    try (var first = start(pods, kubeconfig, dir);
        var pod = new TestPod(pods, dir, SHOP, "{guard: \"on\"}")) {
      pod.awaitKilled();
      first.kill();
      assertThat(pod.write()).isEqualTo(Shell.KILLED);

      var writer =
          Shell.start(
              in(
                  pod.container,
                  "for i in {1..400}; do (echo stolen >>%s) 2>/dev/null; sleep 0.02; done"
                      .formatted(ledger)));
      var second = start(pods, kubeconfig, dir);
      second.awaitLog("policy guard: Loaded");
      assertThat(Shell.exitCode(writer)).isZero();
      second.kill();
    }
    assertThat(ledger).content().doesNotContain("stolen");
  }

  /** A pod with one container that is there, but that no status tells of yet. */
  private final class TestPod implements AutoCloseable {
    final ClusterPods pods;
    final String namespace;
    final String name;
    final String id = ClusterPods.newId();
    final PodCgroup cgroup;
    final Path container;

    TestPod(ClusterPods pods, Path dir, String namespace, String labels) {
      this.pods = pods;
      this.namespace = namespace;
      name = pods.make(namespace, labels);
      cgroup = new PodCgroup(dir, pods.uid(namespace, name));
      container = cgroup.container(id);
    }

    int write() {
      return writeIn(container);
    }

    int writeIn(Path folder) {
      return Shell.run(in(folder, "echo gift >>" + ledger));
    }

    void awaitKilled() {
      awaitKilledIn(container);
    }

    void awaitKilledIn(Path folder) {
      await()
          .atMost(SOON)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> writeIn(folder) == Shell.KILLED);
    }

    void label(String label) {
      pods.label(namespace, name, label);
    }

    void delete() {
      pods.delete(namespace, name);
    }

    @Override
    public void close() {
      cgroup.close();
    }
  }

  private static void tell(String what, long began, TestPod pod) {
    pod.awaitKilled();
    long millis = (System.nanoTime() - began) / 1_000_000;
    LOG.info("{}: {} ms, kubectl included", what, millis);
  }

  private RunningAgent start(ClusterPods pods, Path dir, JsonNode policy) {
    var kubeconfig = kubeconfig(pods);
    configure(pods.node(), policy);
    return start(pods, kubeconfig, dir);
  }

  private static RunningAgent start(ClusterPods pods, Path kubeconfig, Path dir) {
    return RunningAgent.start(
        dir, "--kube", "--kubeconfig", kubeconfig.toString(), "--node-name", pods.node());
  }

  private Path kubeconfig(ClusterPods pods) {
    return cluster.kubeconfigOf(ClusterPods.NAMESPACE, "skep-agent", pods.node());
  }

  /** As the operator does. */
  private void configure(String node, JsonNode policy) {
    var metadata = policy.get("metadata");
    var namespace = metadata.hasNonNull("namespace") ? metadata.get("namespace").asText() : null;
    var config =
        new NodeConfig(
            List.of(
                new NodeConfig.Entry(
                    metadata.get("uid").asText(),
                    policy.get("kind").asText(),
                    namespace,
                    metadata.get("name").asText(),
                    1,
                    NodeConfig.canonical(policy))));
    cluster.apply(
        JSON.valueToTree(
                Map.of(
                    "apiVersion",
                    "v1",
                    "kind",
                    "ConfigMap",
                    "metadata",
                    Map.of("name", "skep-node-" + node, "namespace", ClusterPods.NAMESPACE),
                    "data",
                    config.encode()))
            .toString());
  }

  /**
   * Kills who writes to the ledger.
   *
   * @param selector a line of YAML
   */
  private JsonNode policy(@Nullable String namespace, String selector) {
    var yaml =
        """
        apiVersion: skep.dev/v1alpha1
        kind: %s
        metadata: {name: guard, uid: "%s", generation: 1%s}
        spec:
          %s
          kprobes:
          - call: sys_write
            syscall: true
            args: [{index: 0, type: fd}]
            selectors:
            - matchArgs: [{index: 0, operator: Equal, values: ["%s"]}]
              matchActions: [{action: Sigkill}]
        """
            .formatted(
                namespace == null ? "TracingPolicy" : "TracingPolicyNamespaced",
                UUID.randomUUID(),
                namespace == null ? "" : ", namespace: " + namespace,
                selector,
                ledger);
    return JSON.valueToTree(Serialization.unmarshal(yaml, Map.class));
  }
}
