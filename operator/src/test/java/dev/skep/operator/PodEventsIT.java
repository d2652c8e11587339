package dev.skep.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@NeedsControlPlane
class PodEventsIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration LEASE = Duration.ofSeconds(60);

  private static Kube kube = new Kube(ControlPlane.shared());
  private static Path account = Path.of("");

  @BeforeAll
  static void install() {
    kube.plane.install();
    account = kube.plane.kubeconfigOf(Kube.NAMESPACE, "skep-operator");
  }

  @Test
  void violationsAreEventsOfTheirPodToldOnceAlsoByTheNextLeader() {
    kube.makeNode("told", Map.of("pool", "told"));
    kube.plane.apply(Policies.protect("told", "told", "/etc/passwd"));
    var uid = kube.uid("told");
    var pod = kube.makePod("default", "victim", "told");
    var agent = new SimulatedAgent(kube, "told");
    var start = Instant.now().truncatedTo(ChronoUnit.MICROS);

    try (var operator = OperatorProcess.start(account, "teller")) {
      await().atMost(LEASE).until(() -> kube.config("told").policies().size() == 1);
      agent.violatedIn(pod, uid, start.toString(), 11);
      agent.report();
      await().atMost(SOON).until(() -> events(pod).size() == 1);

      var event = events(pod).getFirst();
      assertThat(event.getReason()).isEqualTo("PolicyEnforced");
      assertThat(event.getAction()).isEqualTo("Sigkill");
      assertThat(event.getNote())
          .isEqualTo(
              "TracingPolicy told: sys_write of /etc/passwd by /usr/bin/vi (pid 11), answered with"
                  + " Sigkill");
      assertThat(event.getSeries()).isNull();
      assertThat(kube.plane.kubectl("describe", "pod", "victim"))
          .containsPattern(
              "Warning +PolicyEnforced .* TracingPolicy told: sys_write of /etc/passwd");

      // More of the same is counted in the same Event, in one write.
      for (int i = 1; i <= 5; i++) {
        agent.violatedIn(pod, uid, start.plusMillis(i).toString(), 11 + i);
      }
      agent.report();
      await().atMost(SOON).until(() -> count(pod) == 6);
      assertThat(events(pod)).hasSize(1);
      assertThat(kube.plane.kubectl("describe", "pod", "victim")).contains("(x6 over ");
      assertThat(writesOfEvents(operator)).isEqualTo(2);
    }

    try (var next = OperatorProcess.start(account, "next-teller")) {
      await().atMost(LEASE).until(next::leads);
      agent.violatedIn(pod, uid, start.plusMillis(6).toString(), 17);
      agent.report();
      await().atMost(SOON).until(() -> count(pod) == 7);
      assertThat(events(pod)).hasSize(1);
      assertThat(writesOfEvents(next)).isEqualTo(1);
    }
  }

  @Test
  void aNodeTellsOfNoOthersPodsAndAPolicyOfNoOtherNamespace() {
    kube.plane.kubectl("create", "namespace", "tenant");
    kube.makeNode("honest", Map.of("pool", "trust"));
    kube.makeNode("taken-over", Map.of("pool", "trust"));
    kube.plane.apply(Policies.protect("trust", "trust", "/etc/passwd"));
    kube.plane.apply(Policies.in("tenant", Policies.protect("trust", "trust", "/etc/passwd")));
    var uid = kube.uid("trust");
    var tenants =
        kube.plane.kubectl("get", "tpn", "-n", "tenant", "trust", "-o", "jsonpath={.metadata.uid}");
    var foreign = kube.makePod("default", "foreign", "honest");
    var own = kube.makePod("default", "own", "taken-over");
    var impostor = kube.makePod("default", "impostor", "taken-over");
    impostor.getMetadata().setUid(foreign.getMetadata().getUid());

    try (var operator = OperatorProcess.start(account, "doubter")) {
      await().atMost(LEASE).until(() -> kube.config("taken-over").policies().size() == 2);
      var now = Instant.now().truncatedTo(ChronoUnit.MICROS);
      var agent = new SimulatedAgent(kube, "taken-over");
      agent.violatedIn(foreign, uid, now.toString(), 1);
      agent.violatedIn(impostor, uid, now.toString(), 2);
      agent.violatedIn(own, tenants, now.toString(), 3);
      agent.violatedIn(own, "no-such-policy", now.toString(), 4);
      agent.violated(uid, now.toString(), 5);
      agent.report();
      await().atMost(SOON).until(() -> operator.count("skep_operator_events_refused_total") == 3);
      agent.violatedIn(own, uid, now.toString(), 6);
      agent.report();
      await().atMost(SOON).until(() -> events(own).size() == 1);

      assertThat(events(foreign)).isEmpty();
      assertThat(events(own).getFirst().getNote()).contains("(pid 6)");
      assertThat(writesOfEvents(operator)).isEqualTo(1);
    }
  }

  private static List<Event> events(Pod pod) {
    return kube.client.events().v1().events().inNamespace("default").list().getItems().stream()
        .filter(event -> "skep.dev/operator".equals(event.getReportingController()))
        .filter(event -> pod.getMetadata().getUid().equals(event.getRegarding().getUid()))
        .toList();
  }

  private static int count(Pod pod) {
    var series = events(pod).getFirst().getSeries();
    return series == null ? 1 : series.getCount();
  }

  private static long writesOfEvents(OperatorProcess operator) {
    return operator
        .metrics()
        .lines()
        .filter(line -> line.startsWith("skep_operator_writes_total{object=\"event\"}"))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
