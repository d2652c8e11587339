package dev.skep.agent.event;

import static dev.skep.agent.Records.exec;
import static dev.skep.agent.Records.exit;
import static dev.skep.agent.Records.fd;
import static dev.skep.agent.Records.hook;
import static dev.skep.agent.Records.in;
import static dev.skep.agent.Records.key;
import static dev.skep.agent.pod.TestPods.containerPath;
import static dev.skep.agent.pod.TestPods.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.agent.pod.ContainerBook;
import dev.skep.agent.process.HostView;
import dev.skep.agent.process.ProcessCache;
import dev.skep.agent.process.ProcessDetails;
import dev.skep.agent.process.ProcessNames;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.crds.v1alpha1.Violation;
import dev.skep.events.Event;
import dev.skep.events.ProcessEvent;
import dev.skep.events.ProcessExec;
import dev.skep.events.ProcessExit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LatePodTest {
  private static final ProcessNames NAMES =
      new ProcessNames("n", boot -> boot, ProcessDetails.NONE, HostView.UNKNOWN);
  private static final ProcessKey INIT = key(1, 1);
  private static final ProcessKey MAIN = key(100, 1_000);
  private static final ProcessKey OTHER = key(200, 2_000);
  private static final long HOST = 1;
  private static final long SHOP = 10;
  private static final long BANK = 20;

  private final ContainerBook containers = new ContainerBook(_ -> Optional.empty(), true);
  private final List<ProcessEvent> told = new ArrayList<>();
  private final List<Violation> violations = new ArrayList<>();
  private long now = 1_000;
  private final EventTeller teller =
      new EventTeller(
          new ProcessCache(
              NAMES, new ProcessCache.Limits(100_000, 1 << 30), _ -> Optional.empty(), containers),
          NAMES,
          Set.of(),
          _ -> Optional.empty(),
          new PolicyBook(),
          boot -> boot,
          () -> now,
          (Event event) -> told.add((ProcessEvent) event),
          violations::add);

  LatePodTest() {
    containers.found(SHOP, containerPath(1, 10));
    containers.found(BANK, containerPath(2, 20));
  }

  @Test
  void eventsOfAContainerWaitForItsPodAndTheHostsDoNot() {
    teller.tell(in(SHOP, exec(1_000, MAIN, INIT, "/bin/main")));
    teller.tell(in(SHOP, hook(1_100, MAIN, KernelRecord.Action.SIGNAL, 9, fd(3, "/f"))));
    teller.tell(in(SHOP, exit(1_200, MAIN, 0)));
    assertThat(told).isEmpty();
    assertThat(violations).isEmpty();

    teller.tell(in(HOST, exec(1_300, OTHER, INIT, "/bin/other")));
    assertThat(told).hasSize(1);

    containers.pod(pod(2, "elsewhere", Map.of(), 20));
    teller.podsChanged();
    assertThat(told).hasSize(1);
    containers.pod(pod(1, "shop", Map.of(), 10));
    teller.podsChanged();

    assertThat(told).hasSize(4);
    assertThat(told.subList(1, 4)).allMatch(event -> namespace(event).equals("shop"));
    assertThat(told.get(1)).isInstanceOf(ProcessExec.class);
    assertThat(told.get(3)).isInstanceOf(ProcessExit.class);
    assertThat(violations)
        .singleElement()
        .satisfies(violation -> {
          assertThat(violation.namespace()).isEqualTo("shop");
          assertThat(violation.pod()).isEqualTo("pod-1");
        });
    assertThat(teller.losses()).containsEntry("pod_missing", 0L);
  }

  @Test
  void aProcessThatGoesToAnotherContainerKeepsItsOrder() {
    containers.pod(pod(2, "bank", Map.of(), 20));
    teller.tell(in(SHOP, exec(1_000, MAIN, INIT, "/bin/main")));
    teller.tell(in(BANK, exec(1_100, MAIN, INIT, "/bin/late")));
    teller.tell(in(BANK, exec(1_200, OTHER, INIT, "/bin/other")));
    assertThat(told).extracting(LatePodTest::binary).containsExactly("/bin/other");

    containers.pod(pod(1, "shop", Map.of(), 10));
    teller.podsChanged();

    assertThat(told)
        .extracting(LatePodTest::binary)
        .containsExactly("/bin/other", "/bin/main", "/bin/late");
    assertThat(told).extracting(LatePodTest::namespace).containsExactly("bank", "shop", "bank");
  }

  @Test
  void whoWaitsTooLongIsToldWithoutItsPodAndCountedAndItsLaterEventsDoNotWait() {
    teller.tell(in(SHOP, exec(1_000, MAIN, INIT, "/bin/main")));
    now = 3_000;
    teller.tell(in(BANK, exec(3_000, OTHER, INIT, "/bin/other")));

    teller.stopWaiting(2_000);
    teller.tell(in(SHOP, exit(3_100, MAIN, 0)));

    assertThat(told).extracting(LatePodTest::binary).containsExactly("/bin/main", "/bin/main");
    assertThat(Objects.requireNonNull(told.getFirst().process().container()).facts().pod())
        .isNull();
    assertThat(teller.losses()).containsEntry("pod_missing", 2L);

    teller.stopWaiting(Long.MAX_VALUE);
    assertThat(told).hasSize(3);
  }

  @Test
  void noMoreThanSoManyWait() {
    for (int i = 0; i < 5_000; i++) {
      teller.tell(in(SHOP, exec(10_000 + i, key(1_000 + i, 10_000 + i), INIT, "/bin/" + i)));
    }

    assertThat(told).hasSize(5_000 - 4_096);
    assertThat(binary(told.getFirst())).isEqualTo("/bin/0");
    assertThat(teller.losses()).containsEntry("pod_missing", 5_000L - 4_096);
  }

  private static String namespace(ProcessEvent event) {
    var container = event.process().container();
    var pod = container == null ? null : container.facts().pod();
    return pod == null ? "" : pod.namespace();
  }

  private static String binary(ProcessEvent event) {
    return event.process().process().facts().binary();
  }
}
