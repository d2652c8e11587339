package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.OnlyInVm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** System calls that return something else instead of being carried out. */
@NeedsKernel
@NeedsPolicies
@OnlyInVm("a kernel whose functions programs can be attached to")
class SyscallOverrideIT {
  private static final int RMDIR = 84;
  private static final int EACCES = -13;
  private static final int REFUSED = 1; // rmdir's status
  private static final KernelVersion LETS_PROGRAMS = new KernelVersion(7, 0);

  @RegisterExtension final KernelFixture fixture = new KernelFixture();
  @TempDir Path folder;

  @Test
  void aCallIsNotCarriedOutWhereTheKernelLetsProgramsSayItsResult() throws Exception {
    boolean possible = !KernelVersion.running().isBefore(LETS_PROGRAMS);
    assertThat(SkepKernels.canOverrideSyscalls()).isEqualTo(possible);
    var kept = Files.createDirectory(folder.resolve("kept"));
    var other = Files.createDirectory(folder.resolve("other"));
    var plan = Plans.policy("a", 1, refusing(kept));
    try (var kernel = fixture.open()) {
      if (!possible) {
        assertThatThrownBy(() -> kernel.apply(plan, PolicyTotals.NONE))
            .hasMessageContaining("__x64_sys_rmdir")
            .hasMessageContaining("cannot be overridden on this node");
        assertThat(kernel.policies()).isEmpty();
        return;
      }
      kernel.apply(plan, PolicyTotals.NONE);
      var refused = Shell.run("rmdir " + kept);
      assertThat(refused.exitCode()).isEqualTo(REFUSED);
      assertThat(kept).exists();
      assertThat(Shell.run("rmdir " + other).exitCode()).isZero();
      assertThat(other).doesNotExist();
    }
    assertThat(Shell.run("rmdir " + kept).exitCode()).isEqualTo(REFUSED); // without any agent

    try (var second = fixture.open()) {
      assertThat(Shell.run("rmdir " + kept).exitCode()).isEqualTo(REFUSED);
      assertThat(second.policies().get("a"))
          .satisfies(policy -> assertThat(policy.complete()).isTrue());
      assertThat(second.totals("a").hooks()).containsExactly(new HookTotals(0, 3, 0, 3, 0, 0));
      second.apply(Plans.monitor(plan), PolicyTotals.NONE);
      assertThat(Shell.run("rmdir " + kept).exitCode()).isZero();
      assertThat(overrides()).hasSize(1);
      second.remove("a");
      assertThat(overrides()).isEmpty();
    }
  }

  private static HookPlan refusing(Path path) {
    var filter = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(path.toString())));
    return new HookPlan(
        0,
        new Place.Syscalls(Set.of(RMDIR), Map.of(RMDIR, "__x64_sys_rmdir")),
        false,
        List.of(new ArgumentPlan(ArgumentKind.STRING, 0, 0)),
        List.of(new SelectorPlan(List.of(), List.of(filter), true, 0, null, EACCES)));
  }

  private List<Path> overrides() throws IOException {
    try (var links = Files.walk(fixture.options.folder().resolve("links"))) {
      return links.filter(link -> link.toString().contains("override")).toList();
    }
  }
}
