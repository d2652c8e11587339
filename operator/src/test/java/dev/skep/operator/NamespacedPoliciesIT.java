package dev.skep.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import dev.skep.nodeconfig.NodeConfig;
import dev.skep.operator.resources.NamespacedPolicy;
import dev.skep.policy.PolicyReader;
import dev.skep.policy.Reading;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@NeedsControlPlane
class NamespacedPoliciesIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration LEASE = Duration.ofSeconds(60);

  private static Kube kube = new Kube(ControlPlane.shared());
  private static OperatorProcess operator;

  @BeforeAll
  static void install() {
    kube.plane.install();
    operator =
        OperatorProcess.start(
            kube.plane.kubeconfigOf(Kube.NAMESPACE, "skep-operator"), "namespaced-it");
    await().atMost(LEASE).until(operator::leads);
  }

  @AfterAll
  static void stop() {
    assertThat(operator.terminate()).isEqualTo(143);
  }

  @Test
  void policiesOfOneNameInTwoNamespacesAndTheClusterNeverMeet() {
    var namespaces = List.of("sales", "bank");
    namespaces.forEach(namespace -> kube.plane.kubectl("create", "namespace", namespace));
    kube.makeNode("tenants", Map.of("pool", "tenants"));
    kube.makeNode("others", Map.of("pool", "others"));
    var policy = Policies.protect("guard", "tenants", "/etc/passwd");
    kube.plane.apply(policy);
    namespaces.forEach(namespace -> kube.plane.apply(Policies.in(namespace, policy)));

    await().atMost(SOON).until(() -> kube.config("tenants").policies().size() == 3);
    assertThat(kube.config("tenants").policies())
        .extracting(NodeConfig.Entry::namespace)
        .containsExactlyInAnyOrder(null, "sales", "bank");
    assertThat(kube.config("tenants").policies())
        .allSatisfy(entry -> assertThat(scopeOf(entry)).isEqualTo(entry.namespace()));
    await().atMost(SOON).until(() -> kube.configMap("others") != null);
    assertThat(kube.config("others").policies()).isEmpty();

    var agent = new SimulatedAgent(kube, "tenants");
    agent.count(kube.uid("guard"), 300, 30);
    agent.count(uid("sales"), 20, 2);
    agent.count(uid("bank"), 1, 0);
    agent.report();

    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          assertThat(columns("get", "tp", "guard"))
              .containsExactly("guard", "enforce", "True", "1/1", "300", "30");
          assertThat(columns("get", "tpn", "-n", "sales"))
              .containsExactly("guard", "enforce", "True", "1/1", "20", "2");
          assertThat(columns("get", "tpn", "-n", "bank"))
              .containsExactly("guard", "enforce", "True", "1/1", "1", "0");
        });

    kube.plane.kubectl("delete", "namespace", "sales", "--timeout=60s");

    await().atMost(SOON).until(() -> kube.config("tenants").policies().size() == 2);
    agent.report();
    assertThat(kube.config("tenants").policies())
        .extracting(NodeConfig.Entry::namespace)
        .containsExactlyInAnyOrder(null, "bank");
    assertThat(columns("get", "tpn", "-n", "bank")).contains("1/1");
    kube.plane.kubectl("delete", "tp", "guard");
    await().atMost(SOON).until(() -> kube.config("tenants").policies().size() == 1);
  }

  @Test
  void aNamespacedPolicyThatNeverChoosesAPodIsRefusedInItsStatus() {
    kube.plane.kubectl("create", "namespace", "empty");
    kube.plane.apply(
        Policies.in("empty", Policies.watch("astray", "nowhere"))
            .replace(
                "  kprobes:",
                "  podSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': other}}\n"
                    + "  kprobes:"));

    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(
                    kube.plane.kubectl(
                        "get",
                        "tpn",
                        "-n",
                        "empty",
                        "astray",
                        "-o",
                        "jsonpath={.status.conditions[?(@.type=='Accepted')].message}"))
                .startsWith("spec.podSelector: never chooses a pod")
                .contains("namespace empty"));
  }

  private static String uid(String namespace) {
    var policy =
        kube.client
            .resources(NamespacedPolicy.class)
            .inNamespace(namespace)
            .withName("guard")
            .get();
    return Objects.requireNonNull(policy).getMetadata().getUid();
  }

  /** As the agent reads it. */
  private static @Nullable String scopeOf(NodeConfig.Entry entry) {
    var reading = (Reading.Accepted) PolicyReader.readText(entry.document()).getFirst();
    return reading.policy().scope().namespace();
  }

  /** Of the only row, as far as no time is in it. */
  private static String[] columns(String... kubectl) {
    var rows = kube.plane.kubectl(kubectl).lines().toList();
    assertThat(rows).hasSize(2);
    return Arrays.copyOf(rows.getLast().split(" +"), 6);
  }
}
