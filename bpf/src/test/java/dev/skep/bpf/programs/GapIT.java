package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyPlan.Scope;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.Scale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is forbidden is tried in tight loops while policies change: nothing gets through, and each
 * attempt is counted once. (While agents follow each other: TakeoverIT.)
 */
@NeedsKernel
@NeedsPolicies
class GapIT {
  private static final int WRITE = 1;
  private static final int SIGKILL = 9;
  private static final int PROCESSES = 8;

  @TempDir Path folder;

  /** What edits of a policy can do while the attack goes on. */
  private interface Edits {
    void edit(TestNode node, int turn) throws Exception;
  }

  @Test
  void noneOf100000WritesGetsThroughWhileThePolicyIsReplaced() throws Exception {
    var ledger = ledger();
    attack(
        ledger,
        Scale.of(100_000),
        (node, turn) ->
            apply(
                node,
                "kill",
                turn,
                false,
                switch (turn % 3) {
                  case 0 -> kill(true, ledger); // another program
                  case 1 -> kill(false, ledger);
                  default -> kill(false, ledger, folder.resolve("other" + turn)); // other values
                }));
  }

  @Test
  void noneGetsThroughWhileAnotherPolicyOfTheCallComesAndGoesAndSwitchesItsMode() throws Exception {
    var ledger = ledger();
    attack(
        ledger,
        Scale.of(20_000),
        (node, turn) -> {
          if (turn % 4 == 3) {
            node.kernel().remove("other");
          } else {
            apply(node, "other", turn, turn % 2 == 0, kill(true, ledger));
          }
        });
  }

  private Path ledger() throws Exception {
    return Files.writeString(folder.toRealPath().resolve("ledger"), "keep");
  }

  /** Edits as long as the attack lasts, and at least a few times. */
  private static void attack(Path ledger, int attempts, Edits edits) throws Exception {
    int each = Math.max(1, attempts / PROCESSES);
    long all = (long) PROCESSES * each;
    try (var node = new TestNode()) {
      apply(node, "kill", 0, false, kill(true, ledger));
      var attacking =
          CompletableFuture.supplyAsync(() -> Trigger.run("crowd-writes", PROCESSES, each, ledger));
      int turns = 0;
      while (!attacking.isDone()) {
        edits.edit(node, ++turns);
      }

      assertThat(attacking.get().last()).as("processes whose children lived on").isZero();
      assertThat(ledger).hasContent("keep");
      assertThat(turns).isGreaterThan(3);
      assertThat(
              node.kernel().totals("kill").hooks().stream().mapToLong(HookTotals::enforced).sum())
          .isEqualTo(all);
      assertThat(node.kernel().drops()).containsEntry("chain_cut", 0L);
    }
  }

  private static void apply(
      TestNode node, String uid, int generation, boolean monitor, HookPlan hook) throws Exception {
    node.kernel()
        .apply(
            new PolicyPlan(uid, generation, monitor, Scope.EVERYWHERE, List.of(hook)),
            PolicyTotals.NONE);
  }

  private static HookPlan kill(boolean post, Path... files) {
    var texts = Stream.of(files).map(Path::toString).collect(Collectors.toSet());
    var toFile = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.copyOf(texts)));
    var selector = new SelectorPlan(List.of(), List.of(), List.of(toFile), post, SIGKILL);
    return TestNode.hook(WRITE, List.of(new ArgumentPlan(ArgumentKind.FD, 0, 0)), selector);
  }
}
