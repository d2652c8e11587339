package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.kernel.Dispatch;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.Scale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullSource;

/**
 * Many processes on one processor, which the kernel may take from them in the middle of a program:
 * who runs meanwhile is seen, too. In the way that is chosen here, and by perf on every kernel.
 */
@NeedsKernel
class CrowdIT {
  private static final int WRITE = 1;
  private static final int GETPPID = 110;
  private static final int SIGKILL = 9;
  private static final int PROCESSES = 8;

  @Test
  void everyForkExecAndExitIsCounted() throws Exception {
    int each = Scale.of(2_500);
    long runs = (long) PROCESSES * each;
    try (var node = new TestNode();
        var cgroup = new TestCgroup()) {

      var outcome =
          Trigger.run(
              "join", cgroup.processes(), "one-processor", "storm", PROCESSES, each, Trigger.TINY);

      assertThat(outcome.last()).as("runs that failed").isZero();
      assertThat(node.kernel().processTotals(cgroup.id()))
          .isEqualTo(new ProcessTotals(runs + PROCESSES, runs, runs + PROCESSES + 1));
      assertThat(node.kernel().drops()).containsEntry("recursion", 0L);
    }
  }

  @ParameterizedTest
  @NullSource
  @EnumSource(names = "PERF_TRACEPOINT")
  @NeedsPolicies
  void eachOf100000WatchedCallsIsCounted(@Nullable Dispatch dispatch) throws Exception {
    int each = 100_000 / PROCESSES;
    var trigger = new BinaryFilter(false, Set.of(Trigger.PROGRAM.toRealPath().toString()));
    var quiet = new SelectorPlan(List.of(), List.of(trigger), List.of(), false, 0);
    try (var node = new TestNode(dispatch)) {
      node.enforce("calls", TestNode.hook(GETPPID, List.of(), quiet));

      Trigger.run("one-processor", "crowd-calls", PROCESSES, each, GETPPID);

      assertThat(node.kernel().totals("calls").hooks())
          .containsExactly(new HookTotals(0, 0, 100_000, 0, 0, 0));
      assertThat(node.kernel().drops()).containsEntry("recursion", 0L);
    }
  }

  @ParameterizedTest
  @NullSource
  @EnumSource(names = "PERF_TRACEPOINT")
  @NeedsPolicies
  void noForbiddenWriteIsPassedOver(@Nullable Dispatch dispatch, @TempDir Path folder)
      throws Exception {
    int each = Scale.of(2_500);
    long all = (long) PROCESSES * each;
    var ledger = Files.writeString(folder.toRealPath().resolve("ledger"), "keep");
    var file = new ArgumentPlan(ArgumentKind.FD, 0, 0);
    var isLedger = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(ledger.toString())));
    var kill = new SelectorPlan(List.of(), List.of(), List.of(isLedger), false, SIGKILL);
    try (var node = new TestNode(dispatch)) {
      node.enforce("kill", TestNode.hook(WRITE, List.of(file), kill));

      var outcome = Trigger.run("one-processor", "crowd-writes", PROCESSES, each, ledger);

      assertThat(ledger).hasContent("keep");
      assertThat(outcome.last()).as("processes whose children lived on").isZero();
      assertThat(node.kernel().totals("kill").hooks())
          .containsExactly(new HookTotals(0, 0, all, all, 0, 0));
      assertThat(node.kernel().drops()).containsEntry("recursion", 0L);
    }
  }
}
