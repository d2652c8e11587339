package dev.skep.agent.event;

import dev.skep.bpf.KernelRecord;
import dev.skep.events.Hook;
import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Hook.Place;
import dev.skep.policy.Policy;
import dev.skep.policy.Syscalls;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One edition of a policy, as its events tell of it.
 *
 * @param hooks by the index of the hook in its policy
 */
public record WatchedPolicy(String uid, long generation, Map<Integer, WatchedHook> hooks) {
  public WatchedPolicy {
    hooks = Map.copyOf(hooks);
  }

  /**
   * @param kind which kind of event tells of it
   * @param subsystem of a tracepoint; else empty
   * @param told what its events say of it; of several calls, of the first
   * @param bySyscall the same of several system calls, by number
   * @param byFunction the same of several functions
   * @param call as the policy writes it
   * @param labels of the arguments, empty for those that have none
   * @param returned as what the return value is read; null where nobody asks for it
   */
  public record WatchedHook(
      Kind kind,
      String subsystem,
      Hook told,
      Map<Integer, Hook> bySyscall,
      Map<String, Hook> byFunction,
      String call,
      List<String> labels,
      @Nullable ArgumentType returned,
      String returnedLabel) {
    public WatchedHook {
      bySyscall = Map.copyOf(bySyscall);
      byFunction = Map.copyOf(byFunction);
      labels = List.copyOf(labels);
    }

    private static final String CALLS = "raw_syscalls";

    /** Whether it sits where all system calls come by. */
    boolean tellsCalls() {
      return subsystem.equals(CALLS);
    }

    /** What the event of a record says of the hook. */
    Hook told(KernelRecord.Hook record) {
      if (bySyscall.isEmpty() && byFunction.isEmpty()) {
        return told;
      }
      var one =
          record.function().isEmpty()
              ? bySyscall.get(record.point())
              : byFunction.get(record.function());
      return one == null ? told : one;
    }

    /** What was called, in a few words. */
    String call(KernelRecord.Hook record) {
      return bySyscall.isEmpty() && byFunction.isEmpty() ? call : told(record).function();
    }

    /** Empty where the edition that this was made of has no such argument. */
    String label(int position) {
      return position < labels.size() ? labels.get(position) : "";
    }
  }

  /** What its hooks are, as events tell it. */
  public enum Kind {
    KPROBE,
    TRACEPOINT,
    LSM
  }

  /**
   * @param functionPrefix what the kernel of this architecture puts before a system call's name,
   *     such as {@code __x64_sys_}
   */
  public static WatchedPolicy of(Policy policy, String functionPrefix) {
    var hooks = new TreeMap<Integer, WatchedHook>();
    for (var hook : policy.hooks()) {
      hooks.put(hook.index(), watched(policy, hook, functionPrefix));
    }
    return new WatchedPolicy(policy.uid(), policy.generation(), hooks);
  }

  private static WatchedHook watched(
      Policy policy, dev.skep.policy.Hook hook, String functionPrefix) {
    var bySyscall = new HashMap<Integer, Hook>();
    var byFunction = new HashMap<String, Hook>();
    var kind = Kind.KPROBE;
    var subsystem = "";
    String function;
    switch (hook.place()) {
      case Place.Syscall(var name) -> function = functionPrefix + name;
      case Place.Function(var symbol, _) -> function = symbol;
      case Place.LsmHook(var name) -> {
        kind = Kind.LSM;
        function = name;
      }
      case Place.Tracepoint(var its, var event) -> {
        kind = Kind.TRACEPOINT;
        subsystem = its;
        function = event;
      }
      case Place.RawTracepoint(var its, var event) -> {
        kind = Kind.TRACEPOINT;
        subsystem = its;
        function = event;
      }
      case Place.Syscalls(var names, _) -> {
        function = functionPrefix + names.getFirst();
        for (var name : names) {
          Syscalls.number(name)
              .ifPresent(
                  number -> bySyscall.put(number, told(policy, hook, functionPrefix + name)));
        }
      }
      case Place.Functions(var symbols, _) -> {
        function = symbols.getFirst();
        symbols.forEach(symbol -> byFunction.put(symbol, told(policy, hook, symbol)));
      }
    }
    var returned = hook.returned();
    return new WatchedHook(
        kind,
        subsystem,
        told(policy, hook, function),
        bySyscall,
        byFunction,
        hook.call(),
        hook.arguments().stream().map(a -> orEmpty(a.label())).toList(),
        returned == null ? null : returned.type(),
        returned == null ? "" : orEmpty(returned.label()));
  }

  private static Hook told(Policy policy, dev.skep.policy.Hook hook, String function) {
    return new Hook(function, policy.name(), orEmpty(hook.message()), hook.tags());
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
