package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import dev.skep.cluster.NeedsKernel;
import dev.skep.nodeconfig.NodeConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

@NeedsKernel
@NeedsControlPlane
@TestInstance(Lifecycle.PER_CLASS)
class ClusterIT {
  private static final String NAMESPACE = "skep-system";

  /** The machine may be busy with other tests. */
  private static final Duration SOON = Duration.ofSeconds(45);

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String DAEMON_SET =
      """
      apiVersion: apps/v1
      kind: DaemonSet
      metadata: {name: skep-agent, namespace: skep-system}
      spec:
        selector: {matchLabels: {app: skep-agent}}
        template:
          metadata: {labels: {app: skep-agent}}
          spec:
            nodeSelector: {nowhere: here}
            containers: [{name: agent, image: none}]
      """;

  private final ControlPlane shared = ControlPlane.shared();

  @BeforeAll
  void install() {
    shared.install();
  }

  @Test
  void aConfiguredPolicyIsLoadedEnforcedAndReported(@TempDir Path dir) throws IOException {
    var node = newNode();
    var ledger = file(dir, "ledger", "keep\n");
    configure(shared, node, policy("kill", 3, ledger), unsupported("later", 1));
    try (var agent = start(shared, node, dir)) {
      var state = awaitState(shared, node, "kill", "Loaded");
      assertThat(state.at("/nodeName").asText()).isEqualTo(node);
      assertThat(state.at("/observedConfig").asText()).hasSize(64);
      assertThat(state.at("/kernel/btf").asBoolean()).isTrue();
      assertThat(policyOf(state, "kill").at("/generation").asLong()).isEqualTo(3);
      assertThat(policyOf(state, "kill").at("/mode").asText()).isEqualTo("enforce");
      assertThat(policyOf(state, "later").at("/state").asText()).isEqualTo("Unsupported");
      assertThat(policyOf(state, "later").at("/message").asText()).contains("userStackTrace");

      var writer = Shell.start("echo lost >> " + ledger);
      assertThat(Shell.exitCode(writer)).isEqualTo(Shell.KILLED);
      assertThat(ledger).hasContent("keep\n");

      await()
          .atMost(SOON)
          .untilAsserted(() -> {
            var now = state(shared, node);
            var kill = policyOf(now, "kill");
            assertThat(kill.at("/violations/total").asLong()).isEqualTo(1);
            assertThat(kill.at("/violations/enforced").asLong()).isEqualTo(1);
            assertThat(kill.at("/events/0/hook").asText()).isEqualTo("sys_write");
            assertThat(kill.at("/events/0/count").asLong()).isEqualTo(1);
            var violation = now.at("/recentViolations/0");
            assertThat(violation.at("/policyUid").asText()).isEqualTo("uid-kill");
            assertThat(violation.at("/pid").asLong()).isEqualTo(writer.pid());
            assertThat(violation.at("/binary").asText()).endsWith("bash");
            assertThat(violation.at("/path").asText()).isEqualTo(ledger.toString());
            assertThat(violation.at("/action").asText()).isEqualTo("Sigkill");
            assertThat(violation.at("/enforced").asBoolean()).isTrue();
          });
      assertThat(
              shared.kubectl(
                  "get",
                  "tracingnodestate",
                  node,
                  "-o",
                  "jsonpath={.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}"))
          .isEqualTo("Node/" + node);
      assertThat(agent.stop()).isZero();
    }
  }

  @Test
  void aPolicyIsEditedInPlaceAndTakenAway(@TempDir Path dir) {
    var node = newNode();
    var first = file(dir, "first", "");
    var second = file(dir, "second", "");
    configure(shared, node, policy("kill", 1, first));
    try (var agent = start(shared, node, dir)) {
      awaitState(shared, node, "kill", "Loaded");
      assertThat(Shell.run("echo lost >> " + first)).isEqualTo(Shell.KILLED);

      configure(shared, node, policy("kill", 2, second));
      await()
          .atMost(SOON)
          .untilAsserted(() -> {
            var kill = policyOf(state(shared, node), "kill");
            assertThat(kill.at("/generation").asLong()).isEqualTo(2);
            assertThat(kill.at("/state").asText()).isEqualTo("Loaded");
            assertThat(kill.at("/violations/total").asLong()).isEqualTo(1);
          });
      assertThat(Shell.run("echo more >> " + first)).isZero();
      assertThat(Shell.run("echo lost >> " + second)).isEqualTo(Shell.KILLED);

      configure(shared, node);
      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(state(shared, node).at("/policies")).isEmpty());
      assertThat(Shell.run("echo more >> " + second)).isZero();
      assertThat(agent.log()).doesNotContain("ERROR");
    }
  }

  @Test
  void policiesStayInTheKernelWhileThereIsADaemonSetThatWillStartAnotherAgent(@TempDir Path dir) {
    var node = newNode();
    var ledger = file(dir, "ledger", "keep\n");
    configure(shared, node, policy("kill", 1, ledger));
    shared.apply(DAEMON_SET);
    try (var agent = start(shared, node, dir, "--daemonset", "skep-agent")) {
      awaitState(shared, node, "kill", "Loaded");
      assertThat(agent.stop()).isZero();
      assertThat(Shell.run("echo lost >> " + ledger)).isEqualTo(Shell.KILLED);
    }
    try (var agent = start(shared, node, dir, "--daemonset", "skep-agent")) {
      awaitState(shared, node, "kill", "Loaded");
      shared.kubectl("delete", "daemonset", "skep-agent", "-n", NAMESPACE);

      assertThat(agent.stop()).isZero();
      assertThat(agent.log()).contains("Skep is removed from the cluster");
      assertThat(RunningAgent.pins(dir)).doesNotExist();
      assertThat(Shell.run("echo more >> " + ledger)).isZero();
    }
  }

  @Test
  void countersGoOnOverARestartAndAReboot(@TempDir Path dir) {
    var node = newNode();
    var ledger = file(dir, "ledger", "keep\n");
    configure(shared, node, policy("kill", 1, ledger));
    try (var agent = start(shared, node, dir)) {
      awaitState(shared, node, "kill", "Loaded");
      Shell.run("echo lost >> " + ledger);
      awaitViolations(shared, node, 1);
      agent.kill();
      // The kernel goes on by itself.
      assertThat(Shell.run("echo lost >> " + ledger)).isEqualTo(Shell.KILLED);
    }
    // Closing has taken everything out of the kernel, as a reboot does: the second one is lost.
    try (var agent = start(shared, node, dir)) {
      agent.awaitLog("policy kill: Loaded");
      assertThat(Shell.run("echo lost >> " + ledger)).isEqualTo(Shell.KILLED);
      awaitViolations(shared, node, 2);
      agent.kill();
      assertThat(Shell.run("echo lost >> " + ledger)).isEqualTo(Shell.KILLED);

      var second = start(shared, node, dir);
      assertThat(Shell.run("echo lost >> " + ledger)).isEqualTo(Shell.KILLED);
      awaitViolations(shared, node, 4);
      // The one of the time without an agent has its policy's words, too.
      assertThat(state(shared, node).at("/recentViolations"))
          .hasSize(4)
          .allSatisfy(v -> assertThat(v.at("/hook").asText()).isEqualTo("sys_write"));
      assertThat(second.events("process_kprobe"))
          .hasSize(2)
          .allSatisfy(e -> assertThat(e.at("/policy_name").asText()).isEqualTo("kill"));
      second.kill();
    }
    assertThat(ledger).hasContent("keep\n");
  }

  @Test
  void aReportThatSomebodyTouchedOrRemovedIsWrittenAgain(@TempDir Path dir) {
    var node = newNode();
    var ledger = file(dir, "ledger", "keep\n");
    configure(shared, node, policy("kill", 1, ledger));
    try (var agent = start(shared, node, dir)) {
      awaitState(shared, node, "kill", "Loaded");
      shared.kubectl("annotate", "tracingnodestate", node, "touched=yes");
      Shell.run("echo lost >> " + ledger);
      awaitViolations(shared, node, 1);

      shared.kubectl("delete", "tracingnodestate", node);
      Shell.run("echo lost >> " + ledger);
      awaitViolations(shared, node, 2);
      assertThat(warnings(agent)).isEmpty();
    }
  }

  @Test
  void withoutItsApiServerANodeGoesOnAndCatchesUp(@TempDir Path dir) {
    try (var own = ControlPlane.start()) {
      own.install();
      var node = newNode();
      var ledger = file(dir, "ledger", "keep\n");
      var later = file(dir, "later", "keep\n");
      configure(own, node, policy("kill", 1, ledger));
      try (var agent = start(own, node, dir)) {
        awaitState(own, node, "kill", "Loaded");

        own.stopApiServer();
        await()
            .during(Duration.ofSeconds(30))
            .atMost(Duration.ofSeconds(40))
            .pollInterval(Duration.ofSeconds(1))
            .until(() -> Shell.run("echo lost >> " + ledger) == Shell.KILLED);
        own.startApiServer();
        configure(own, node, policy("kill", 1, ledger), policy("kill-more", 1, later));

        await()
            .atMost(Duration.ofSeconds(30))
            .untilAsserted(() ->
                assertThat(policyOf(state(own, node), "kill").at("/violations/total").asLong())
                    .isGreaterThanOrEqualTo(25));
        awaitState(own, node, "kill-more", "Loaded");
        assertThat(Shell.run("echo lost >> " + later)).isEqualTo(Shell.KILLED);
        assertThat(agent.log().lines().filter(line -> line.contains("API server"))).hasSize(1);
        assertThat(warnings(agent)).hasSize(1);
      }
    }
  }

  @Test
  void nothingIsWrittenThatIsNotNewAndCountersAtMostEveryFiveSeconds(@TempDir Path dir) {
    var node = newNode();
    configure(shared, node, policy("kill", 1, file(dir, "ledger", "")));
    try (var _ = start(shared, node, dir)) {
      awaitState(shared, node, "kill", "Loaded");
      var versions = new HashSet<String>();
      await()
          .pollInterval(Duration.ofMillis(500))
          .during(Duration.ofSeconds(21))
          .atMost(Duration.ofSeconds(30))
          .until(() -> {
            versions.add(
                shared.kubectl(
                    "get", "tracingnodestate", node, "-o", "jsonpath={.metadata.resourceVersion}"));
            return true;
          });
      assertThat(versions).hasSizeBetween(2, 6); // forks are counted all the time
    }
  }

  private static RunningAgent start(
      ControlPlane cluster, String node, Path dir, String... options) {
    var kubeconfig = cluster.kubeconfigOf(NAMESPACE, "skep-agent", node);
    var arguments = Stream.of("--kube", "--kubeconfig", kubeconfig.toString(), "--node-name", node);
    return RunningAgent.start(
        dir, Stream.concat(arguments, Stream.of(options)).toArray(String[]::new));
  }

  private static String newNode() {
    return "node-" + UUID.randomUUID().toString().substring(0, 8);
  }

  /** As the operator does. */
  private static void configure(ControlPlane cluster, String node, JsonNode... policies) {
    var config =
        new NodeConfig(
            Stream.of(policies)
                .map(policy ->
                    new NodeConfig.Entry(
                        policy.at("/metadata/uid").asText(),
                        "TracingPolicy",
                        null,
                        policy.at("/metadata/name").asText(),
                        policy.at("/metadata/generation").asLong(),
                        NodeConfig.canonical(policy)))
                .toList());
    cluster.apply(
        JSON.valueToTree(
                Map.of(
                    "apiVersion",
                    "v1",
                    "kind",
                    "ConfigMap",
                    "metadata",
                    Map.of("name", "skep-node-" + node, "namespace", NAMESPACE),
                    "data",
                    config.encode()))
            .toString());
  }

  private static JsonNode policy(String name, long generation, Path file) {
    return json(
        """
        {"apiVersion": "skep.dev/v1alpha1", "kind": "TracingPolicy",
         "metadata": {"name": "%1$s", "uid": "uid-%1$s", "generation": %2$d},
         "spec": {"kprobes": [{"call": "sys_write", "syscall": true,
           "args": [{"index": 0, "type": "fd"}],
           "selectors": [{"matchArgs": [{"index": 0, "operator": "Equal", "values": ["%3$s"]}],
             "matchActions": [{"action": "Sigkill"}]}]}]}}
        """
            .formatted(name, generation, file));
  }

  private static JsonNode unsupported(String name, long generation) {
    return json(
        """
        {"apiVersion": "skep.dev/v1alpha1", "kind": "TracingPolicy",
         "metadata": {"name": "%1$s", "uid": "uid-%1$s", "generation": %2$d},
         "spec": {"kprobes": [{"call": "sys_write", "selectors": [{"matchActions": [
           {"action": "Post", "userStackTrace": true}]}]}]}}
        """
            .formatted(name, generation));
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }

  private static JsonNode awaitState(
      ControlPlane cluster, String node, String policy, String wanted) {
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(policyOf(state(cluster, node), policy).at("/state").asText())
                .isEqualTo(wanted));
    return state(cluster, node);
  }

  private static void awaitViolations(ControlPlane cluster, String node, long total) {
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(policyOf(state(cluster, node), "kill").at("/violations/total").asLong())
                .isEqualTo(total));
  }

  /** The node's status as kubectl shows it; empty while there is none. */
  private static JsonNode state(ControlPlane cluster, String node) {
    var answer =
        cluster.tryKubectl(cluster.kubeconfig(), "get", "tracingnodestate", node, "-o", "json");
    return answer.exitCode() == 0
        ? json(answer.out()).path("status")
        : JSON.createObjectNode().path("status");
  }

  private static JsonNode policyOf(JsonNode state, String name) {
    for (var policy : state.path("policies")) {
      if (policy.at("/name").asText().equals(name)) {
        return policy;
      }
    }
    return JSON.createObjectNode();
  }

  private static Path file(Path dir, String name, String text) {
    try {
      return Files.writeString(dir.resolve(name), text).toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** But for what is lost of the machine's other processes, of other tests' pods among them. */
  private static List<String> warnings(RunningAgent agent) {
    return agent
        .log()
        .lines()
        .filter(line -> line.contains("WARN") && !line.contains("lost or incomplete"))
        .filter(line -> !line.contains(": spec.")) // what a policy's text is warned of
        .toList();
  }
}
