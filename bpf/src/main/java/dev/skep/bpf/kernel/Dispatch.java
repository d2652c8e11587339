package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the programs that see system calls are attached to. The kernel lets a program call only such
 * of its own kind, so the dispatchers and all hooks are of one.
 */
public enum Dispatch {
  /**
   * The cheaper one. From Linux 7.0 on a process can be stopped in the middle of it, and calls of
   * others that come meanwhile on that CPU are passed over: an attack not seen.
   */
  RAW_TRACEPOINT("dispatch_sys_enter", "dispatch_sys_exit", "policy_enter", "policy_exit"),

  /** Perf turns preemption off around its programs, and needs tracefs to be told what to attach. */
  PERF_TRACEPOINT("perf_sys_enter", "perf_sys_exit", "policy_perf", "policy_perf_exit");

  private final String enter;
  private final String exit;
  private final String hook;
  private final String hookAtReturn;

  Dispatch(String enter, String exit, String hook, String hookAtReturn) {
    this.enter = enter;
    this.exit = exit;
    this.hook = hook;
    this.hookAtReturn = hookAtReturn;
  }

  String enter() {
    return enter;
  }

  String exit() {
    return exit;
  }

  /** The program of a hook. */
  String hook() {
    return hook;
  }

  /** The program of a hook that decides when the call returns. */
  String hookAtReturn() {
    return hookAtReturn;
  }

  /**
   * What a predecessor chose stays, for its programs' slots take no others.
   *
   * @param wanted null: the cheapest that misses no call on this kernel
   * @param predecessors names of the programs that go on
   */
  static Dispatch choose(@Nullable Dispatch wanted, List<String> predecessors) throws BpfException {
    var chosen =
        Stream.of(values())
            .filter(dispatch -> predecessors.contains(dispatch.enter))
            .findAny()
            .orElse(wanted == null ? best() : wanted);
    if (chosen == PERF_TRACEPOINT) {
      try {
        Tracefs.mount();
      } catch (BpfException e) {
        throw new BpfException(
            "open",
            0,
            "this kernel stops programs on raw tracepoints in the middle, and would miss calls;"
                + " what it does not stop needs tracefs: "
                + e.getMessage());
      }
    }
    return chosen;
  }

  /** The cheapest that misses no call on this kernel. */
  static Dispatch best() throws BpfException {
    return Preemption.reachesTracepoints() ? PERF_TRACEPOINT : RAW_TRACEPOINT;
  }
}
