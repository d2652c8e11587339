package dev.skep.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

@NeedsControlPlane
class OutageIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  /** Whoever acts for longer than this without the API server may act beside a new leader. */
  private static final Duration LEASE = Duration.ofSeconds(45);

  @Test
  void aShortOutageIsOutlivedAndALongOneEndsTheLeaderBeforeItsLeaseRunsOut() {
    try (var plane = ControlPlane.start()) {
      plane.install();
      var kube = new Kube(plane);
      var account = plane.kubeconfigOf(Kube.NAMESPACE, "skep-operator");
      try (var operator = OperatorProcess.start(account, "outlives")) {
        kube.makeNode("a", Map.of("pool", "p"));
        await().atMost(SOON).until(() -> kube.configMap("a") != null);

        plane.stopApiServer();
        plane.startApiServer();

        plane.apply(Policies.watch("first", "p"));
        await().atMost(SOON).until(() -> kube.config("a").policies().size() == 1);

        plane.stopApiServer();
        long stopped = System.nanoTime();
        assertThat(operator.ended(LEASE.multipliedBy(2))).isEqualTo(1);
        assertThat(Duration.ofNanos(System.nanoTime() - stopped)).isLessThan(LEASE);
        plane.startApiServer();
      }
      plane.apply(Policies.watch("second", "p"));
      try (var _ = OperatorProcess.start(account, "takes-over")) {
        await().atMost(SOON.plus(LEASE)).until(() -> kube.config("a").policies().size() == 2);
      }
    }
  }
}
