package dev.skep.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import dev.skep.cluster.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every object has one writer: what config/roles lets in and keeps out, asked of a real API server.
 */
@NeedsControlPlane
class WritersIT {
  private static final String NAMESPACE = "skep-system";
  private static final ControlPlane CLUSTER = ControlPlane.shared();

  private static Path agent;
  private static Path operator;
  private static Path stranger;

  @BeforeAll
  static void install() {
    CLUSTER.install();
    agent = CLUSTER.kubeconfigOf(NAMESPACE, "skep-agent", "node-a");
    operator = CLUSTER.kubeconfigOf(NAMESPACE, "skep-operator");
    // Somebody whom RBAC lets do what only Skep should.
    CLUSTER.kubectl("-n", "default", "create", "serviceaccount", "careless");
    CLUSTER.kubectl(
        "create",
        "clusterrole",
        "careless",
        "--verb=*",
        "--resource=tracingpolicies.skep.dev,tracingpolicies.skep.dev/status,tracingnodestates.skep.dev,configmaps");
    CLUSTER.kubectl(
        "create",
        "clusterrolebinding",
        "careless",
        "--clusterrole=careless",
        "--serviceaccount=default:careless");
    stranger = CLUSTER.kubeconfigOf("default", "careless");
    // The API server takes up admission policies a moment after they are there.
    for (var forbidden : List.of(state("early"), configMap("skep-node-early"))) {
      await().until(() -> CLUSTER.tryApply(stranger, forbidden).err().contains("must not write"));
    }
  }

  @Test
  void anAgentWritesTheStateOfItsOwnNode() {
    assertThat(CLUSTER.tryCreate(agent, state("node-a"))).satisfies(WritersIT::succeeded);
  }

  @Test
  void theOperatorMakesEventsOfPodsAndHasNoFurtherRightOnThem() {
    assertThat(rights(operator))
        .containsExactly(
            "create events.events.k8s.io: yes",
            "delete events.events.k8s.io: no",
            "get pods: yes",
            "list pods: no");
    assertThat(rights(agent)).contains("create events.events.k8s.io: no");
  }

  private static List<String> rights(Path account) {
    return Stream.of(
            "create events.events.k8s.io", "delete events.events.k8s.io", "get pods", "list pods")
        .map(right -> {
          var words = right.split(" ", 2);
          var answer =
              CLUSTER.tryKubectl(account, "auth", "can-i", words[0], words[1], "-n", "default");
          return right + ": " + answer.out().strip();
        })
        .toList();
  }

  @Test
  void anAgentDoesNotWriteTheStateOfAnotherNode() {
    assertThat(CLUSTER.tryCreate(agent, state("node-b")).err())
        .contains("on node node-a must not write the TracingNodeState \"node-b\"");
  }

  @Test
  void anAgentsTokenWithoutANodeWritesNoState() {
    var unbound = CLUSTER.kubeconfigOf(NAMESPACE, "skep-agent");

    assertThat(CLUSTER.tryCreate(unbound, state("node-c")).err())
        .contains("must not write the TracingNodeState \"node-c\"");
  }

  @Test
  void theStatusOfANodeIsWrittenByTheAgentOfThatNodeAlone(@TempDir Path folder) throws IOException {
    CLUSTER.apply(state("node-e"));
    var version =
        CLUSTER.kubectl(
            "get", "tracingnodestate", "node-e", "-o", "jsonpath={.metadata.resourceVersion}");
    var lie =
        Files.writeString(
            folder.resolve("lie.json"),
            """
            {"apiVersion": "skep.dev/v1alpha1", "kind": "TracingNodeState",
             "metadata": {"name": "node-e", "resourceVersion": "%s"}, "status": {"agentVersion": "lie"}}
            """
                .formatted(version));
    var nobody = CLUSTER.kubeconfigOf(NAMESPACE, "skep-agent");

    for (var kubeconfig : List.of(agent, nobody)) {
      var answer =
          CLUSTER.tryKubectl(
              kubeconfig,
              "replace",
              "--raw=/apis/skep.dev/v1alpha1/tracingnodestates/node-e/status",
              "-f",
              lie.toString());
      assertThat(answer.exitCode()).isNotZero();
      assertThat(answer.err()).contains("must not write the TracingNodeState");
    }
    assertThat(
            CLUSTER.kubectl(
                "get", "tracingnodestate", "node-e", "-o", "jsonpath={.status.agentVersion}"))
        .isNotEqualTo("lie");
    CLUSTER.kubectl("delete", "tracingnodestate", "node-e");
  }

  @Test
  void aStrangerWithRightsOnStatesIsRefusedStill() {
    CLUSTER.apply(state("node-d"));

    assertThat(CLUSTER.tryApply(stranger, state("node-d")).err())
        .contains("must not write the TracingNodeState \"node-d\"");
    assertThat(CLUSTER.tryKubectl(stranger, "delete", "tracingnodestate", "node-d").err())
        .contains("must not write the TracingNodeState \"node-d\"");
    assertThat(CLUSTER.tryKubectl(operator, "delete", "tracingnodestate", "node-d").err())
        .contains("forbidden");
    CLUSTER.kubectl("delete", "tracingnodestate", "node-d");
  }

  @Test
  void theStatusOfAPolicyIsTheOperatorsWord() {
    CLUSTER.kubectl(
        "apply", "-f", System.getProperty("skep.root") + "/config/samples/watch-writes.yaml");

    assertThat(setStatus(operator)).satisfies(WritersIT::succeeded);
    assertThat(setStatus(stranger).err()).contains("must not write the status of a policy");
    assertThat(
            CLUSTER.tryKubectl(
                stranger, "annotate", "tracingpolicy", "watch-writes", "by=stranger"))
        .satisfies(WritersIT::succeeded);
    assertThat(
            CLUSTER
                .tryKubectl(
                    operator,
                    "annotate",
                    "tracingpolicy",
                    "watch-writes",
                    "by=operator",
                    "--overwrite")
                .err())
        .contains("forbidden");
  }

  @Test
  void theConfigMapOfANodeIsWrittenByTheOperatorAlone() {
    assertThat(
            CLUSTER.tryKubectl(
                operator, "-n", NAMESPACE, "create", "configmap", "skep-node-node-a"))
        .satisfies(WritersIT::succeeded);
    assertThat(CLUSTER.tryApply(stranger, configMap("skep-node-node-a")).err())
        .contains("must not write skep-node-node-a");
    assertThat(
            CLUSTER
                .tryKubectl(stranger, "-n", NAMESPACE, "delete", "configmap", "skep-node-node-a")
                .err())
        .contains("must not write skep-node-node-a");
    assertThat(CLUSTER.tryApply(stranger, configMap("another"))).satisfies(WritersIT::succeeded);
  }

  @Test
  void anAgentReadsItsConfigurationAndNoPolicy() {
    assertThat(CLUSTER.tryKubectl(agent, "-n", NAMESPACE, "get", "configmaps"))
        .satisfies(WritersIT::succeeded);
    assertThat(CLUSTER.tryKubectl(agent, "get", "node", "node-a")).satisfies(WritersIT::succeeded);
    assertThat(CLUSTER.tryKubectl(agent, "get", "tracingpolicies").err()).contains("forbidden");
    assertThat(CLUSTER.tryKubectl(agent, "-n", NAMESPACE, "get", "secrets").err())
        .contains("forbidden");
  }

  private static Output setStatus(Path kubeconfig) {
    return CLUSTER.tryApply(
        kubeconfig,
        """
        {apiVersion: skep.dev/v1alpha1, kind: TracingPolicy, metadata: {name: watch-writes},
         status: {observedGeneration: 1}}
        """,
        "--subresource=status",
        "--force-conflicts");
  }

  private static String state(String node) {
    return "{apiVersion: skep.dev/v1alpha1, kind: TracingNodeState, metadata: {name: %s}}"
        .formatted(node);
  }

  private static String configMap(String name) {
    return "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, namespace: %s}, data: {k: v}}"
        .formatted(name, NAMESPACE);
  }

  private static void succeeded(Output output) {
    assertThat(output.exitCode()).as(output.err()).isZero();
  }
}
