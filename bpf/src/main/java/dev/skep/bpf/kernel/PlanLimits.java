package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.layout.Structs;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/** What a plan must keep to, to fit into the kernel's maps. Pure. */
final class PlanLimits {
  private static final int LSM_NAME_BYTES = 119;
  private static final int RAW_NAME_BYTES = Structs.FUNCTION_NAME_BYTES - 1 - "raw/".length();

  private PlanLimits() {}

  static void check(PolicyPlan plan) throws BpfException {
    int uid = plan.uid().getBytes(StandardCharsets.UTF_8).length;
    if (uid == 0 || uid >= Structs.POLICY_BYTES) {
      throw refused("a policy's uid has 1 to " + (Structs.POLICY_BYTES - 1) + " bytes, not " + uid);
    }
    if (plan.hooks().isEmpty()) {
      throw refused("policy " + plan.uid() + " has no hooks");
    }
    var indexes = new HashSet<Integer>();
    for (var hook : plan.hooks()) {
      if (!indexes.add(hook.index())) {
        throw refused("policy " + plan.uid() + " has two hooks with index " + hook.index());
      }
      check(hook);
    }
  }

  private static void check(HookPlan hook) throws BpfException {
    switch (hook.place()) {
      case Place.Syscalls(var numbers, var functions) -> {
        checkSyscalls(hook, numbers);
        if (hook.overrides() && !functions.keySet().containsAll(numbers)) {
          throw refused("hook " + hook.index() + ": what is to be overridden has no function");
        }
      }
      case Place.Function(var name) -> checkName(hook, name, Structs.FUNCTION_NAME_BYTES - 1);
      case Place.Functions(var names) -> {
        if (names.isEmpty()) {
          throw refused("hook " + hook.index() + " sits on no function");
        }
        for (var name : names) {
          checkName(hook, name, Structs.FUNCTION_NAME_BYTES - 1);
        }
      }
      case Place.RawTracepoint(var event) -> checkName(hook, event, RAW_NAME_BYTES);
      case Place.Tracepoint tracepoint ->
          checkName(hook, tracepoint.name(), Structs.FUNCTION_NAME_BYTES - 1);
      case Place.LsmHook(var name) -> {
        checkName(hook, name, LSM_NAME_BYTES);
        if (hook.selectors().stream().anyMatch(selector -> selector.error() > 0)) {
          throw refused(
              "hook %d: what LSM hook %s returns is no positive number"
                  .formatted(hook.index(), name));
        }
      }
    }
  }

  private static void checkName(HookPlan hook, String name, int most) throws BpfException {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > most) {
      throw refused(
          "hook %d: the name of its place has 1 to %d bytes: %s"
              .formatted(hook.index(), most, name));
    }
  }

  private static void checkSyscalls(HookPlan hook, Set<Integer> syscalls) throws BpfException {
    if (syscalls.isEmpty()) {
      throw refused("hook " + hook.index() + " sits on no system call");
    }
    for (int syscall : syscalls) {
      if (syscall < 0 || syscall >= Structs.SYSCALLS_MAX) {
        throw refused(
            "hook "
                + hook.index()
                + ": there is no system call "
                + syscall
                + " (0 to "
                + (Structs.SYSCALLS_MAX - 1)
                + ")");
      }
    }
  }

  private static BpfException refused(String what) {
    return new BpfException("apply", 0, what);
  }
}
