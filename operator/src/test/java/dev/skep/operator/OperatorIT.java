package dev.skep.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import dev.skep.crds.v1alpha1.Condition;
import dev.skep.crds.v1alpha1.HookEvents;
import dev.skep.crds.v1alpha1.ProcessEvents;
import dev.skep.crds.v1alpha1.TracingPolicyStatus;
import dev.skep.crds.v1alpha1.ViolationTotals;
import dev.skep.nodeconfig.NodeConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@NeedsControlPlane
class OperatorIT {
  private static final Duration SOON = Duration.ofSeconds(10);

  /** The garbage collector looks for new kinds of objects every 30 s, and ours have just come. */
  private static final Duration COLLECTED = Duration.ofSeconds(60);

  private static Kube kube = new Kube(ControlPlane.shared());
  private static OperatorProcess operator;

  @BeforeAll
  static void install() {
    kube.plane.install();
    operator =
        OperatorProcess.start(
            kube.plane.kubeconfigOf(Kube.NAMESPACE, "skep-operator"), "operator-it");
  }

  @AfterAll
  static void stop() {
    assertThat(operator.terminate()).isEqualTo(143);
  }

  @Test
  void aPolicyReachesTheNodesItSelectsAndNoOther() {
    kube.makeNode("reach-a", Map.of("pool", "reach"));
    kube.makeNode("reach-b", Map.of("pool", "other"));

    kube.plane.apply(Policies.protect("reach", "reach", "/etc/passwd"));

    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          assertThat(kube.config("reach-a").policies())
              .extracting(NodeConfig.Entry::name)
              .containsExactly("reach");
          assertThat(kube.configMap("reach-b")).isNotNull();
        });
    assertThat(kube.config("reach-b").policies()).isEmpty();
    var owner =
        Objects.requireNonNull(kube.configMap("reach-a"))
            .getMetadata()
            .getOwnerReferences()
            .getFirst();
    assertThat(owner.getKind() + "/" + owner.getName()).isEqualTo("Node/reach-a");
  }

  @Test
  void aNodeThatChangesItsLabelsGetsAndLosesPolicies() {
    kube.makeNode("moving", Map.of("pool", "elsewhere"));
    kube.plane.apply(Policies.watch("moves", "here"));
    await().atMost(SOON).until(() -> kube.configMap("moving") != null);
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(condition("moves", "Ready").reason()).isEqualTo("NoNodesSelected"));

    kube.plane.kubectl("label", "node", "moving", "pool=here", "--overwrite");
    await().atMost(SOON).until(() -> kube.config("moving").policies().size() == 1);
    new SimulatedAgent(kube, "moving").report();
    await().atMost(SOON).until(() -> "1/1".equals(kube.summary("moves")));

    kube.plane.kubectl("label", "node", "moving", "pool=elsewhere", "--overwrite");
    await().atMost(SOON).until(() -> kube.config("moving").policies().isEmpty());
    await().atMost(SOON).until(() -> "0/0".equals(kube.summary("moves")));
  }

  @Test
  void aPolicyIsReadySoonAfterItsNodesHoldIt() {
    kube.makeNode("quick", Map.of("pool", "quick"));
    await().atMost(SOON).until(() -> kube.configMap("quick") != null);
    var agent = new SimulatedAgent(kube, "quick");
    agent.report();

    kube.plane.apply(Policies.protect("quick", "quick", "/etc/passwd"));
    long applied = System.nanoTime();
    await()
        .pollInterval(Duration.ofMillis(50))
        .until(() -> kube.config("quick").policies().size() == 1);
    agent.report();
    await()
        .pollInterval(Duration.ofMillis(50))
        .atMost(SOON)
        .until(() -> "True".equals(condition("quick", "Ready").status()));

    assertThat(Duration.ofNanos(System.nanoTime() - applied)).isLessThan(Duration.ofSeconds(5));
    assertThat(condition("quick", "Enforcing").status()).isEqualTo("True");
    assertThat(condition("quick", "Degraded").status()).isEqualTo("False");
    assertThat(status("quick").mode()).isEqualTo("enforce");
  }

  @Test
  void anEditReachesTheNodesAndADeletedPolicyLeavesThem() {
    kube.makeNode("edited", Map.of("pool", "edited"));
    kube.plane.apply(Policies.watch("edited", "edited"));
    await().atMost(SOON).until(() -> kube.config("edited").policies().size() == 1);
    new SimulatedAgent(kube, "edited").report();
    await().atMost(SOON).until(() -> "1/1".equals(kube.summary("edited")));

    kube.plane.apply(Policies.protect("edited", "edited", "/etc/shadow"));

    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var entry = kube.config("edited").policies().getFirst();
          assertThat(entry.generation()).isEqualTo(2);
          assertThat(entry.document()).contains("/etc/shadow");
          assertThat(status("edited").observedGeneration()).isEqualTo(2);
          assertThat(condition("edited", "Ready").status()).isEqualTo("False");
        });
    new SimulatedAgent(kube, "edited").report();
    await().atMost(SOON).until(() -> "1/1".equals(kube.summary("edited")));

    kube.plane.kubectl("delete", "tracingpolicy", "edited");
    await().atMost(SOON).until(() -> kube.config("edited").policies().isEmpty());
  }

  @Test
  void whatIsInvalidOrUnsupportedIsRefusedWithItsPathAndLeavesTheOthersAlone() {
    kube.makeNode("mixed", Map.of("pool", "mixed"));
    kube.plane.apply(Policies.watch("mixed-good", "mixed"));
    kube.plane.apply(
        Policies.watch("mixed-typo", "mixed").replace("call: sys_write", "call: sys_wriet"));
    kube.plane.apply(
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicy
        metadata: {name: mixed-later}
        spec:
          fentries:
          - {call: security_file_open, syscall: false}
        """);

    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var typo = condition("mixed-typo", "Accepted");
          assertThat(typo.status()).isEqualTo("False");
          assertThat(typo.reason()).isEqualTo("Invalid");
          assertThat(typo.message()).contains("spec.kprobes[0].call").contains("sys_write");
          assertThat(condition("mixed-good", "Accepted").status()).isEqualTo("True");
        });
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var later = condition("mixed-later", "Accepted");
          assertThat(later.status()).isEqualTo("False");
          assertThat(later.message()).contains("not supported yet");
        });
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(kube.config("mixed").policies())
                .extracting(NodeConfig.Entry::name)
                .containsExactly("mixed-good"));
  }

  @Test
  void whatNodesCountIsAddedUpAndStaysWhenANodeGoes() {
    var agents =
        Stream.of("sum-a", "sum-b", "sum-c").map(node -> new SimulatedAgent(kube, node)).toList();
    agents.forEach(agent -> kube.makeNode(agent.node(), Map.of("pool", "sums")));
    kube.plane.apply(Policies.protect("sums", "sums", "/etc/passwd"));
    var uid = kube.uid("sums");
    long factor = 1;
    for (var agent : agents) {
      await().atMost(SOON).until(() -> kube.config(agent.node()).policies().size() == 1);
      agent.count(uid, 100 * factor, factor);
      agent.violated(uid, "2026-01-01T00:00:0" + factor + ".000001Z", factor);
      agent.report();
      factor *= 2;
    }

    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var status = status("sums");
          assertThat(status.violations()).isEqualTo(new ViolationTotals(7, 7, 0));
          assertThat(Objects.requireNonNull(status.events()).hooks())
              .containsExactly(new HookEvents("sys_write", 700));
          assertThat(status.processEvents()).isEqualTo(new ProcessEvents(1400, 1400, 1400));
          assertThat(status.lastViolationTime()).isEqualTo("2026-01-01T00:00:04.000001Z");
          assertThat(status.recentViolations())
              .extracting(violation -> violation.node() + " " + violation.pid())
              .containsExactly("sum-c 4", "sum-b 2", "sum-a 1");
          assertThat(kube.summary("sums")).isEqualTo("3/3");
        });

    kube.plane.kubectl("delete", "node", "sum-c");

    await()
        .atMost(COLLECTED)
        .untilAsserted(() -> {
          assertThat(kube.configMap("sum-c")).isNull();
          assertThat(kube.plane.kubectl("get", "tracingnodestates", "-o", "name"))
              .doesNotContain("sum-c");
          assertThat(kube.summary("sums")).isEqualTo("2/2");
        });
    assertThat(status("sums").violations()).isEqualTo(new ViolationTotals(7, 7, 0));
    assertThat(status("sums").recentViolations()).hasSize(3);

    // It comes back under its name and starts from zero.
    kube.makeNode("sum-c", Map.of("pool", "sums"));
    await().atMost(SOON).until(() -> kube.config("sum-c").policies().size() == 1);
    var anew = new SimulatedAgent(kube, "sum-c");
    anew.count(uid, 5, 1);
    anew.report();
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          assertThat(status("sums").violations()).isEqualTo(new ViolationTotals(8, 8, 0));
          assertThat(Objects.requireNonNull(status("sums").events()).total()).isEqualTo(705);
        });
  }

  @Test
  void nodesThatFailAreToldByReason() {
    kube.makeNode("trouble-a", Map.of("pool", "trouble"));
    kube.makeNode("trouble-b", Map.of("pool", "trouble"));
    kube.plane.apply(Policies.protect("trouble", "trouble", "/etc/passwd"));
    var uid = kube.uid("trouble");
    for (var node : List.of("trouble-a", "trouble-b")) {
      await().atMost(SOON).until(() -> kube.config(node).policies().size() == 1);
    }
    new SimulatedAgent(kube, "trouble-a").report();
    var failing = new SimulatedAgent(kube, "trouble-b");
    failing.fail(uid, "VerifierRefused");
    failing.report();

    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          assertThat(kube.summary("trouble")).isEqualTo("1/2");
          assertThat(condition("trouble", "Ready").reason()).isEqualTo("NodesFailed");
          assertThat(condition("trouble", "Degraded").status()).isEqualTo("True");
          assertThat(condition("trouble", "Enforcing").reason()).isEqualTo("PartlyLoaded");
          assertThat(status("trouble").issues())
              .containsExactly(
                  new TracingPolicyStatus.Issue(
                      "VerifierRefused",
                      "the verifier said no",
                      "6.18.0",
                      1,
                      List.of("trouble-b")));
        });
  }

  @Test
  void aConfigMapThatSomebodyChangedIsPutRight() {
    kube.makeNode("tampered", Map.of("pool", "tampered"));
    kube.plane.apply(Policies.watch("tampered", "tampered"));
    await().atMost(SOON).until(() -> kube.config("tampered").policies().size() == 1);
    var right = Objects.requireNonNull(kube.configMap("tampered")).getData();

    kube.plane.kubectl(
        "-n",
        Kube.NAMESPACE,
        "patch",
        "configmap",
        "skep-node-tampered",
        "--type=merge",
        "-p",
        "{\"data\":{\"manifest.json\":\"{}\"}}");

    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(Objects.requireNonNull(kube.configMap("tampered")).getData())
                .isEqualTo(right));
  }

  private static TracingPolicyStatus status(String policy) {
    var status = kube.status(policy);
    assertThat(status).as("status of " + policy).isNotNull();
    return Objects.requireNonNull(status);
  }

  private static Condition condition(String policy, String type) {
    var status = kube.status(policy);
    return status == null
        ? new Condition(type, null, null, null, null, null)
        : status.conditions().stream()
            .filter(condition -> type.equals(condition.type()))
            .findFirst()
            .orElseThrow();
  }
}
