package dev.skep.bpf.programs;

import static dev.skep.bpf.programs.Witness.terminated;
import static dev.skep.bpf.programs.Witness.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.kernel.ProcessOptions;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.Scale;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Where there is too little room, what is lost is counted, and what is told is right. */
@NeedsKernel
class PressureIT {
  private static final int PAGE = 4096;
  private static final int MAP_ENTRIES = 64;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration LOOK = Duration.ofMillis(20);

  @Test
  void aProcessMapThatIsFullSaysSoAndLosesNoEvent() throws Exception {
    int processes = 200;
    var defaults = ProcessOptions.defaults();
    var options = new ProcessOptions(MAP_ENTRIES, defaults.argumentBytes(), 0, false, null, null);
    try (var node = new TestNode(32 << 20, options);
        var cgroup = new TestCgroup()) {
      var before = node.kernel().processMap();
      var family =
          Family.live(
              Stream.concat(
                      Stream.of("clone-into", cgroup.folder()),
                      IntStream.range(1, processes).boxed().flatMap(_ -> Stream.of("fork", "exec")))
                  .toArray());
      var records = node.records();
      var after = node.kernel().processMap();

      assertThat(node.kernel().processTotals(cgroup.id()))
          .isEqualTo(new ProcessTotals(processes, processes - 1, processes));
      assertThat(of(records, cgroup, Fork.class)).hasSize(processes);
      assertThat(of(records, cgroup, Exec.class)).hasSize(processes - 1);
      assertThat(of(records, cgroup, Exit.class)).hasSize(processes);
      assertThat(of(records, cgroup, Exit.class))
          .extracting(exit -> exit.header().process().pid())
          .containsExactlyInAnyOrderElementsOf(family.ledger().keySet());
      assertThat(of(records, cgroup, Fork.class))
          .as("that had no room")
          .filteredOn(fork -> fork.header().began() == 0)
          .hasSizeGreaterThanOrEqualTo(processes - MAP_ENTRIES);
      assertThat(after.capacity()).isEqualTo(MAP_ENTRIES);
      assertThat(after.entries()).isLessThanOrEqualTo(MAP_ENTRIES);
      assertThat(after.insertErrors() - before.insertErrors())
          .isGreaterThanOrEqualTo(processes - MAP_ENTRIES);
      // Others on this machine make processes, too: the sums are right whenever none is on its way.
      await()
          .atMost(PATIENCE)
          .pollInterval(LOOK)
          .untilAsserted(() -> {
            var now = node.kernel().processMap();
            assertThat(now.inserted() - now.removed()).isEqualTo(now.entries());
            assertThat(node.kernel().drops().get("process_map_full")).isEqualTo(now.insertErrors());
          });
    }
  }

  @Test
  void aRingOfTwoPagesTellsWhatItCanAndCountsTheRest() throws Exception {
    int each = Math.max(100, Scale.of(2000));
    try (var node = new TestNode(2 * PAGE, ProcessOptions.defaults())) {
      node.unread(() -> Trigger.run("storm", 2, each, Trigger.TINY));

      // Others on this machine make processes, too: the sums are right whenever none is on its way.
      await()
          .atMost(PATIENCE)
          .pollInterval(LOOK)
          .untilAsserted(() -> {
            var happened = node.kernel().processTotals();
            var lost = node.kernel().drops();
            var told = node.recordsSoFar();
            assertThat(count(told, Fork.class) + lost.getOrDefault("ring_fork", 0L))
                .isEqualTo(happened.forks());
            assertThat(count(told, Exec.class) + lost.getOrDefault("ring_exec", 0L))
                .isEqualTo(happened.execs());
            assertThat(count(told, Exit.class) + lost.getOrDefault("ring_exit", 0L))
                .isEqualTo(happened.exits());
          });
      assertThat(node.kernel().drops().get("ring_exec")).isGreaterThan(each);
      assertThat(node.kernel().drops().get("decode")).isZero();
      var family = Family.live("fork", "exec", "end", 3);
      family.isTold(node);
    }
  }

  @Test
  void longArgumentsThatLostAPartAreCutThereAndSaySo() throws Exception {
    var defaults = ProcessOptions.defaults();
    var options =
        new ProcessOptions(
            defaults.mapEntries(), ProcessOptions.ARGUMENT_BYTES_MAX, 0, false, null, null);
    int runs = Math.max(5, Scale.of(30));
    try (var node = new TestNode(32 * PAGE, options)) {
      var witnesses = new ArrayList<Witness>();
      node.unread(() -> {
        for (int i = 1; i <= runs; i++) {
          witnesses.add(Witness.called("run-many", i, 10_000, Witness.PROGRAM));
        }
      });
      var _ = node.records(); // the ring is read again
      witnesses.add(Witness.called("run-many", 5, 10_000, Witness.PROGRAM));
      witnesses.getLast().isTold(node);
      int whole = 0;
      for (var witness : witnesses) {
        for (var exec : node.records(Exec.class, witness.pid())) {
          if (text(exec.path()).equals(Witness.PROGRAM.toString())) {
            var all = terminated(witness.arguments());
            assertThat(all).startsWith(text(exec.arguments()));
            boolean cut = exec.arguments().length < all.length();
            assertThat(exec.has(Exec.TRUNCATED_ARGUMENTS) || exec.has(Exec.UNREADABLE_ARGUMENTS))
                .isEqualTo(cut);
            whole += cut ? 0 : 1;
          }
        }
      }
      assertThat(whole).as("told whole").isBetween(1, runs);
      assertThat(node.kernel().drops().get("ring_data")).isPositive();
    }
  }

  private static <R extends KernelRecord> List<R> of(
      Collection<KernelRecord> records, TestCgroup cgroup, Class<R> kind) {
    return records.stream()
        .filter(kind::isInstance)
        .map(kind::cast)
        .filter(record -> record.header().cgroup() == cgroup.id())
        .toList();
  }

  private static long count(Collection<KernelRecord> records, Class<?> kind) {
    return records.stream().filter(kind::isInstance).count();
  }
}
