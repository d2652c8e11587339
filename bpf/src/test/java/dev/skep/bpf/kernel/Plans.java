package dev.skep.bpf.kernel;

import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.PolicyPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Plans for tests. System call numbers of x86-64. */
final class Plans {
  static final int WRITE = 1;
  static final int GETPPID = 110;
  static final int SIGKILL = 9;

  private Plans() {}

  static PolicyPlan policy(String uid, long generation, HookPlan... hooks) {
    return new PolicyPlan(uid, generation, false, List.of(hooks));
  }

  /** Kills who writes to the file. */
  static HookPlan killWritesTo(int index, Path file) {
    return writes(index, file, SIGKILL);
  }

  static HookPlan watchWritesTo(int index, Path file) {
    return writes(index, file, 0);
  }

  private static HookPlan writes(int index, Path file, int signal) {
    return new HookPlan(
        index,
        Set.of(WRITE),
        false,
        List.of(new ArgumentPlan(ArgumentKind.FD, 0, 0)),
        List.of(
            new SelectorPlan(
                List.of(),
                List.of(),
                List.of(
                    new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file.toString())))),
                true,
                signal)));
  }
}
