package dev.skep.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@NeedsControlPlane
class LeadershipIT {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Duration LEASE = Duration.ofSeconds(60);
  private static final Duration COLLECTED = Duration.ofSeconds(60);

  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'");

  private static Kube kube = new Kube(ControlPlane.shared());
  private static Path account = Path.of("");

  @BeforeAll
  static void install() {
    kube.plane.install();
    account = kube.plane.kubeconfigOf(Kube.NAMESPACE, "skep-operator");
  }

  @Test
  void theOneThatStandsByTakesOverWhenTheLeaderEnds() {
    try (var leader = OperatorProcess.start(account, "first")) {
      await().atMost(LEASE).until(leader::leads);
      try (var standby = OperatorProcess.start(account, "second")) {
        kube.makeNode("handed-over-1", Map.of());
        await().atMost(SOON).until(() -> kube.configMap("handed-over-1") != null);
        assertThat(standby.leads()).isFalse();
        assertThat(standby.writes()).isZero();
        assertThat(standby.status("/healthz")).isEqualTo(200);

        assertThat(leader.terminate()).isEqualTo(143);

        await().atMost(SOON).until(standby::leads);
        kube.makeNode("handed-over-2", Map.of());
        await().atMost(SOON).until(() -> kube.configMap("handed-over-2") != null);
      }
    }
  }

  @Test
  void whoLosesTheLeaseEnds() {
    try (var leader = OperatorProcess.start(account, "loser")) {
      await().atMost(LEASE).until(leader::leads);

      var now = MICRO_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
      kube.plane.kubectl(
          "-n",
          Kube.NAMESPACE,
          "patch",
          "lease",
          "skep-operator",
          "--type=merge",
          "-p",
          """
          {"spec": {"holderIdentity": "usurper", "renewTime": "%s", "acquireTime": "%s"}}\
          """
              .formatted(now, now));

      assertThat(leader.ended(LEASE)).isEqualTo(1);
      assertThat(leader.log()).contains("the lease is lost: ending");
    } finally {
      kube.plane.kubectl("-n", Kube.NAMESPACE, "delete", "lease", "skep-operator");
    }
  }

  @Test
  void totalsOfANodeThatGoesWhileNoOperatorRunsStay() {
    try (var operator = OperatorProcess.start(account, "before")) {
      await().atMost(LEASE).until(operator::leads);
      kube.plane.apply(Policies.watch("unseen", "unseen"));
      var uid = kube.uid("unseen");
      for (var node : new String[] {"unseen-a", "unseen-b"}) {
        kube.makeNode(node, Map.of("pool", "unseen"));
        await().atMost(SOON).until(() -> kube.config(node).policies().size() == 1);
        var agent = new SimulatedAgent(kube, node);
        agent.count(uid, 100, 3);
        agent.report();
      }
      await().atMost(SOON).until(() -> events() == 200);
    }
    kube.plane.kubectl("delete", "node", "unseen-b");
    await()
        .atMost(COLLECTED)
        .until(() -> !kube.plane.kubectl("get", "tns", "-o", "name").contains("unseen-b"));

    for (var identity : new String[] {"after", "after-that"}) {
      try (var operator = OperatorProcess.start(account, identity)) {
        await().atMost(LEASE).until(() -> "1/1".equals(kube.summary("unseen")));
        assertThat(operator.leads()).isTrue();
        assertThat(events()).isEqualTo(200);
      }
    }
  }

  @Test
  void aProcessThatCannotStartSaysWhyAndEnds() {
    try (var operator = OperatorProcess.launch(Path.of("no-such-kubeconfig"), "lost", 0)) {
      assertThat(operator.ended(LEASE)).isEqualTo(1);
      assertThat(operator.log()).contains("cannot read the kubeconfig no-such-kubeconfig");
    }
  }

  private static long events() {
    var status = kube.status("unseen");
    return status == null || status.events() == null ? -1 : status.events().total();
  }
}
