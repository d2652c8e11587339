package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.kernel.ProcessOptions;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.Scale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One policy has more events than the ring has room for, and nobody reads them for a while. */
@NeedsKernel
@NeedsPolicies
class FloodIT {
  private static final int WRITE = 1;
  private static final int GETPPID = 110;
  private static final int SIGKILL = 9;
  private static final int RING_BYTES = 1 << 20; // some 8,000 records of the flood
  private static final int FLOOD = 20_000;

  @Test
  void aFloodedPolicyTakesNothingFromOthersNorFromProcesses(@TempDir Path folder) throws Exception {
    int quiet = Scale.of(100);
    var ledger = Files.writeString(folder.toRealPath().resolve("ledger"), "keep");
    var trigger = new BinaryFilter(false, Set.of(Trigger.PROGRAM.toRealPath().toString()));
    var floods = new SelectorPlan(List.of(), List.of(trigger), List.of(), true, 0);
    try (var node = new TestNode(RING_BYTES, ProcessOptions.defaults())) {
      node.enforce("loud", TestNode.hook(GETPPID, List.of(), floods));
      node.enforce("quiet", killWritesTo(ledger));
      var pids = new AtomicReference<Set<Integer>>(Set.of());
      node.unread(() -> {
        Trigger.run("crowd-calls", 1, FLOOD, GETPPID);
        pids.set(Set.of(Trigger.run("crowd-writes", 1, quiet, ledger).pid()));
      });

      var records = node.records();

      long told = node.told("loud");
      assertThat(told).isBetween(FLOOD / 10L, FLOOD / 2L);
      assertThat(node.kernel().totals("loud").hooks())
          .containsExactly(new HookTotals(0, FLOOD, 0, 0, 0, FLOOD - told));
      assertThat(node.told("quiet")).isEqualTo(quiet);
      assertThat(node.kernel().totals("quiet").hooks())
          .containsExactly(new HookTotals(0, quiet, 0, quiet, 0, 0));
      assertThat(ledger).hasContent("keep");
      assertThat(records)
          .filteredOn(record ->
              record instanceof Exec && pids.get().contains(record.header().process().pid()))
          .isNotEmpty();
      assertThat(node.kernel().drops())
          .containsEntry("ring_share", FLOOD - told)
          .containsEntry("ring_hook", 0L)
          .containsEntry("ring_fork", 0L)
          .containsEntry("ring_exit", 0L);
      // What was read gives its room back.
      Trigger.run("crowd-calls", 1, 1000, GETPPID);
      node.records();
      assertThat(node.told("loud")).isEqualTo(told + 1000);
    }
  }

  private static HookPlan killWritesTo(Path file) {
    var toFile = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file.toString())));
    return TestNode.hook(
        WRITE,
        List.of(new ArgumentPlan(ArgumentKind.FD, 0, 0)),
        new SelectorPlan(List.of(), List.of(), List.of(toFile), true, SIGKILL));
  }
}
