package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.Libc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the programs that see system calls are attached to. The kernel lets a program call only such
 * of its own kind, so the dispatchers and all hooks are of one.
 */
public enum Dispatch {
  /**
   * The cheaper one. From Linux 7.0 on a process can be stopped in the middle of it, and calls of
   * others that come meanwhile on that CPU are passed over: an attack not seen.
   */
  RAW_TRACEPOINT("dispatch_sys_enter", "dispatch_sys_exit", "policy_enter"),

  /** Perf turns preemption off around its programs, and needs tracefs to be told what to attach. */
  PERF_TRACEPOINT("perf_sys_enter", "perf_sys_exit", "policy_perf");

  private static final Logger LOG = LoggerFactory.getLogger(Dispatch.class);
  private static final Path TRACEFS = Path.of("/sys/kernel/tracing");
  private static final Path DEBUGFS =
      Path.of("/sys/kernel/debug/tracing"); // libbpf looks here first

  private final String enter;
  private final String exit;
  private final String hook;

  Dispatch(String enter, String exit, String hook) {
    this.enter = enter;
    this.exit = exit;
    this.hook = hook;
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

  /**
   * What a predecessor chose stays, for its programs' slots take no others.
   *
   * @param wanted null: the cheapest that misses no call on this kernel
   * @param predecessors names of the programs that go on
   */
  static Dispatch choose(@Nullable Dispatch wanted, List<String> predecessors) throws BpfException {
    for (var dispatch : values()) {
      if (predecessors.contains(dispatch.enter)) {
        return dispatch;
      }
    }
    if (wanted == null && !Preemption.reachesTracepoints()) {
      return RAW_TRACEPOINT;
    }
    if (wanted != RAW_TRACEPOINT && !hasTracefs()) {
      if (wanted == PERF_TRACEPOINT) {
        throw new BpfException("open", 0, TRACEFS + " is no tracefs");
      }
      return RAW_TRACEPOINT;
    }
    return wanted == null ? PERF_TRACEPOINT : wanted;
  }

  private static boolean hasTracefs() {
    var at = Files.exists(DEBUGFS) ? DEBUGFS : TRACEFS;
    if (Files.exists(at.resolve("events"))) {
      return true;
    }
    try {
      Libc.mountTracefs(at.toString());
      return true;
    } catch (BpfException e) {
      LOG.warn(
          "watched system calls can be missed when a process is stopped in the middle of one:"
              + " what prevents that on this kernel needs tracefs ({}); mount it (mount -t tracefs"
              + " tracefs {}) and start the agent again",
          e.getMessage(),
          at);
      return false;
    }
  }
}
