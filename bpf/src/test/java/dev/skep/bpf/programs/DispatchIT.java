package dev.skep.bpf.programs;

import static dev.skep.bpf.programs.Witness.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.KernelRecord.Action;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.KernelRecord.Return;
import dev.skep.bpf.kernel.Dispatch;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Whatever sees system calls, it tells the same. */
@NeedsKernel
@NeedsPolicies
class DispatchIT {
  private static final int RMDIR = 84;
  private static final int SPLICE = 275; // has six arguments
  private static final int ARGUMENTS = 6;

  private record Told(
      int syscall, List<Long> values, String path, Action action, List<Long> returned) {}

  @Test
  void bothWaysTellTheSame() throws BpfException {
    assertThat(told(Dispatch.PERF_TRACEPOINT)).isEqualTo(told(Dispatch.RAW_TRACEPOINT));
  }

  private static List<Told> told(Dispatch dispatch) throws BpfException {
    var numbers =
        IntStream.range(0, ARGUMENTS)
            .mapToObj(index -> new ArgumentPlan(ArgumentKind.LONG, index, 0))
            .toList();
    var path = List.of(new ArgumentPlan(ArgumentKind.STRING, 0, 0));
    try (var node = new TestNode(dispatch)) {
      node.enforce("numbers", new HookPlan(0, Set.of(SPLICE), true, numbers, List.of()));
      node.enforce("path", new HookPlan(0, Set.of(RMDIR), true, path, List.of()));
      node.enforce("path again", new HookPlan(0, Set.of(RMDIR), false, path, List.of()));

      var outcome = Trigger.run("call-6", SPLICE, "rmdir", "/nowhere", "call-32", RMDIR, "/");

      var returns = node.records(Return.class, outcome.pid());
      var hooks = node.records(Hook.class, outcome.pid());
      assertThat(hooks).extracting(Hook::policy).containsExactly("numbers", "path", "path again");
      return hooks.stream()
          .map(hook ->
              new Told(
                  hook.point(),
                  hook.arguments().stream()
                      .filter(argument -> argument.kind() == ArgumentKind.LONG)
                      .map(argument -> argument.value())
                      .toList(),
                  text(hook.arguments().getFirst().bytes()),
                  hook.action(),
                  returns.stream()
                      .filter(back -> back.policy().equals(hook.policy()))
                      .map(Return::value)
                      .toList()))
          .toList();
    }
  }
}
