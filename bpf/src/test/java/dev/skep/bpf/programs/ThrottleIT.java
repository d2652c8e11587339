package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.KernelRecord.Throttle;
import dev.skep.bpf.SkepKernel.ThrottleEnd;
import dev.skep.bpf.kernel.ProcessOptions;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A cgroup tells so much and no more in an interval; everything is counted all the same. */
@NeedsKernel
class ThrottleIT {
  private static final int GETPPID = 110;
  private static final int LIMIT = 50;

  /** Two forks and an exec. So many families exceed no limit, however quick they are. */
  private static final int TOLD_OF_A_FAMILY = 3;

  private static final int LINES = 4;
  private static final int RUNS = 500;

  @Test
  void aStormIsToldUpToTheLimitAndAQuietCgroupWhole() throws Exception {
    // So long that no other interval begins meanwhile.
    try (var node = node(Duration.ofDays(1000));
        var loud = new TestCgroup();
        var quiet = new TestCgroup()) {
      Trigger.run("join", loud.processes(), "storm", LINES, RUNS, Trigger.TINY);
      Trigger.run("join", quiet.processes(), "storm", 1, 10, Trigger.TINY);

      var told = node.records();
      assertThat(startsOf(told, loud.id())).hasSize(LIMIT);
      assertThat(startsOf(told, quiet.id())).hasSize(1 + 10 + 10);
      assertThat(of(told, Throttle.class, loud.id())).hasSize(1);
      assertThat(of(told, Throttle.class, quiet.id())).isEmpty();
      var counted = node.kernel().processTotals(loud.id());
      assertThat(counted.forks()).isEqualTo(LINES + LINES * RUNS);
      assertThat(counted.execs()).isEqualTo(LINES * RUNS);
      assertThat(counted.exits()).isEqualTo(1 + LINES + LINES * RUNS);
      assertThat(counted.suppressed()).isEqualTo(LINES + 2 * LINES * RUNS - LIMIT);
      assertThat(node.kernel().processTotals(quiet.id()).suppressed()).isZero();
    }
  }

  @Test
  void aCgroupBesideAStormIsToldWholeWhateverItDoes() throws Exception {
    try (var node = node(Duration.ofMillis(100));
        var loud = new TestCgroup();
        var quiet = new TestCgroup()) {
      var storm =
          Thread.ofPlatform()
              .start(
                  () -> Trigger.run("join", loud.processes(), "storm", LINES, RUNS, Trigger.TINY));
      var families = new ArrayList<Family>();
      do {
        families.add(Family.live("clone-into", quiet.folder(), "fork", "exec", "end", 3));
      } while (storm.isAlive() && families.size() < LIMIT / TOLD_OF_A_FAMILY);
      storm.join();

      families.forEach(family -> family.isTold(node));
      assertThat(node.kernel().processTotals(loud.id()).suppressed()).isPositive();
    }
  }

  @Test
  @NeedsPolicies
  void aPolicyActsOnThoseWhoseStartIsNotTold() throws Exception {
    try (var node = node(Duration.ofDays(1000));
        var loud = new TestCgroup()) {
      var binary = new BinaryFilter(false, Set.of(Trigger.PROGRAM.toRealPath().toString()));
      var selector = new SelectorPlan(List.of(), List.of(binary), List.of(), true, 0);
      node.enforce("all", TestNode.hook(GETPPID, List.of(), selector));
      var words = new ArrayList<Object>(List.of("join", loud.processes()));
      for (int i = 0; i < 3 * LIMIT; i++) {
        words.addAll(List.of("fork", "getppid"));
      }

      var outcome = Trigger.run(words.toArray());

      var told = node.records();
      assertThat(outcome.code()).isZero();
      assertThat(startsOf(told, loud.id())).hasSize(LIMIT);
      assertThat(of(told, Hook.class, loud.id())).hasSize(3 * LIMIT);
    }
  }

  @Test
  void whoseStartWasToldHasItsEndToldAndNobodyElse() throws Exception {
    try (var node = node(Duration.ofDays(1000));
        var loud = new TestCgroup()) {
      var outcome = Trigger.run("join", loud.processes(), "storm", LINES, RUNS, Trigger.TINY);

      var told = node.records();
      var started =
          startsOf(told, loud.id()).stream()
              .map(start -> start.header().process())
              .collect(Collectors.toSet());
      var ended =
          of(told, Exit.class, loud.id()).stream()
              .map(exit -> exit.header().process())
              .filter(process -> process.pid() != outcome.pid()) // told before it was in there
              .collect(Collectors.toList());
      assertThat(ended).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(started);
    }
  }

  @Test
  void theNextIntervalTellsAgain() throws Exception {
    var interval = Duration.ofMillis(200);
    try (var node = node(interval);
        var loud = new TestCgroup()) {
      var perInterval = new HashMap<Long, Long>();
      // However fast the machine is, a third interval comes; a storm may end before the next
      // begins.
      for (int storm = 0; storm < 10 || perInterval.size() < 3; storm++) {
        Trigger.run("join", loud.processes(), "storm", LINES, RUNS / 10, Trigger.TINY);
        perInterval.clear();
        startsOf(node.records(), loud.id())
            .forEach(start ->
                perInterval.merge(start.header().time() / interval.toNanos(), 1L, Long::sum));
        assertThat(storm).as("storms without a third interval").isLessThan(1000);
      }

      assertThat(perInterval.values()).allMatch(count -> count <= LIMIT);
    }
  }

  @Test
  void whoKeepsQuietIsThrottledNoMore() throws Exception {
    try (var node = node(Duration.ofDays(1000));
        var loud = new TestCgroup()) {
      Trigger.run("join", loud.processes(), "storm", LINES, RUNS, Trigger.TINY);
      assertThat(node.kernel().endThrottles()).isEmpty();
    }
    try (var node = node(Duration.ofMillis(500));
        var loud = new TestCgroup()) {
      Trigger.run("join", loud.processes(), "storm", LINES, RUNS, Trigger.TINY);
      long suppressed = node.kernel().processTotals(loud.id()).suppressed();
      assertThat(suppressed).isPositive();
      assertThat(node.kernel().endThrottles()).isEmpty();

      var ends = new ArrayList<ThrottleEnd>();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> {
            ends.addAll(node.kernel().endThrottles());
            return !ends.isEmpty();
          });
      assertThat(ends).containsExactly(new ThrottleEnd(loud.id(), suppressed));

      Trigger.run("join", loud.processes(), "storm", LINES, RUNS, Trigger.TINY);
      assertThat(of(node.records(), Throttle.class, loud.id())).hasSize(2);
    }
  }

  private static TestNode node(Duration interval) throws Exception {
    return new TestNode(
        32 << 20,
        new ProcessOptions(
            ProcessOptions.DEFAULT_MAP_ENTRIES,
            ProcessOptions.DEFAULT_ARGUMENT_BYTES,
            0,
            false,
            new ProcessOptions.Throttle(LIMIT, interval),
            null));
  }

  private static List<KernelRecord> startsOf(List<KernelRecord> told, long cgroup) {
    return told.stream()
        .filter(record -> record instanceof Fork || record instanceof Exec)
        .filter(record -> record.header().cgroup() == cgroup)
        .toList();
  }

  private static <R extends KernelRecord> List<R> of(
      List<KernelRecord> told, Class<R> kind, long cgroup) {
    return told.stream()
        .filter(kind::isInstance)
        .map(kind::cast)
        .filter(record -> record.header().cgroup() == cgroup)
        .toList();
  }
}
