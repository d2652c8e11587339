package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.Scale;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.RepeatedTest;

/** An agent that starts while processes come and go misses none, and has none twice. */
@NeedsKernel
class StartIT {
  /** Some kernels of virtual machines show their first process to no iterator. */
  private static final Set<Integer> HIDDEN = Set.of(1);

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @RepeatedTest(3)
  void whoStartsInAStormKnowsEachProcessThatIsAlive() throws Exception {
    try (var population = new Population();
        var node = new TestNode()) {
      var first = node.kernel().processes();
      node.awaitRecords(Math.max(100, Scale.of(2000)));
      var middle = node.kernel().processes();
      var alive = population.rest();

      assertThat(first).extracting(StartIT::key).as("at the start").doesNotHaveDuplicates();
      assertThat(middle).extracting(StartIT::key).as("in the middle").doesNotHaveDuplicates();
      areThoseOfProcfs(alive, () -> known(first, node.records()));
      areThoseOfProcfs(alive, () -> known(node.kernel().processes(), List.of()));
    }
  }

  private static ProcessKey key(KernelRecord record) {
    return record.header().process();
  }

  /** Who is alive, to one who was told of some and then read the records. */
  private static Set<ProcessKey> known(Collection<Exec> told, List<KernelRecord> records) {
    var known = new HashSet<ProcessKey>();
    told.forEach(process -> known.add(key(process)));
    for (var record : records) {
      if (record instanceof Fork || record instanceof Exec) {
        known.add(key(record));
      }
    }
    for (var record : records) {
      if (record instanceof Exit) {
        known.remove(key(record));
      }
    }
    return known;
  }

  /** A process on its way out may still be in procfs for a moment: then it is looked at again. */
  private static void areThoseOfProcfs(Set<Integer> alive, Callable<Set<ProcessKey>> known) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          long begin = Procfs.now();
          var before = Procfs.starts();
          var keys = known.call();
          var after = Procfs.starts();

          assertThat(before.keySet()).containsAll(alive);
          before.entrySet().removeIf(start -> !start.getValue().equals(after.get(start.getKey())));
          for (var key : keys) {
            long start = key.start() / Procfs.TICK;
            assertThat(
                    before.remove(key.pid(), start)
                        || start >= begin
                        || !after.containsKey(key.pid()))
                .as("%s is alive and here once", key)
                .isTrue();
          }
          assertThat(before.keySet()).as("alive, not known").isSubsetOf(HIDDEN);
        });
  }
}
