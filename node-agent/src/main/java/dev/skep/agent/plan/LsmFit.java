package dev.skep.agent.plan;

import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.KernelFunction;
import dev.skep.policy.Hook;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether this node's kernel has an LSM hook, and asks it as a policy needs it. Pure. */
final class LsmFit {
  /** What programs are attached to in place of the hook. */
  private static final String PREFIX = "bpf_lsm_";

  /** Of the functions that ask all security modules: this and the hook's name ... */
  private static final String ASKING = "security_";

  /** ... but for these. */
  private static final Map<String, String> OTHER_NAMES =
      Map.of("bprm_check", "bprm_check_security", "create_user_ns", "userns_create");

  private LsmFit() {}

  /**
   * The LSM hook on which a hook of a function {@code security_...} refuses calls where that can be
   * done: programs there are never passed over. Empty: the function it must be.
   */
  static Optional<Place> instead(Hook hook, String symbol, HostFacts host) {
    boolean refuses = hook.selectors().stream().anyMatch(its -> its.action().error() < 0);
    boolean more =
        hook.returned() != null
            || hook.selectors().stream().anyMatch(its -> its.action().error() > 0);
    if (!refuses || more || !symbol.startsWith(ASKING) || !host.asksLsmPrograms()) {
      return Optional.empty();
    }
    var bare = symbol.substring(ASKING.length());
    var name = OTHER_NAMES.getOrDefault(bare, bare);
    return host.function(PREFIX + name) instanceof KernelFunction.Typed asked
            && asked.equals(host.function(symbol))
        ? Optional.of(new Place.LsmHook(name))
        : Optional.empty();
  }

  /** The function by whose parameters the kernel asks programs on this LSM hook. */
  static KernelFunction function(String name, HostFacts host) {
    return host.function(PREFIX + name);
  }

  static List<String> problems(Hook hook, String name, HostFacts host) {
    var problems = new ArrayList<String>();
    if (!host.asksLsmPrograms()) {
      problems.add(
          hook.path()
              + ": bpf is not among the security modules of this node's kernel"
              + " (/sys/kernel/security/lsm); boot it with lsm=...,bpf, or hook the function security_"
              + name
              + " by a kprobe with syscall: false");
    }
    switch (function(name, host)) {
      case KernelFunction.Missing _ ->
          problems.add(
              hook.path()
                  + ".hook: this node's kernel has no LSM hook "
                  + name
                  + "; kernels differ in them: keep the policy off such nodes with nodeSelector, or"
                  + " take a hook that they all have");
      case KernelFunction.Untyped _ -> {}
      case KernelFunction.Typed(var parameters, boolean returns) -> {
        problems.addAll(FunctionFit.problems(hook, "the LSM hook " + name, parameters));
        if (!returns && hook.selectors().stream().anyMatch(its -> its.action().error() != 0)) {
          problems.add(
              hook.path()
                  + ".selectors: the action Override, but on this node's kernel the LSM hook "
                  + name
                  + " only tells, and cannot refuse");
        }
      }
    }
    return problems;
  }
}
