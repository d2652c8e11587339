package dev.skep.policy;

import dev.skep.policy.ast.Action;
import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Call;
import dev.skep.policy.ast.Kprobe;
import dev.skep.policy.ast.LsmHook;
import dev.skep.policy.ast.PolicyHook;
import dev.skep.policy.ast.Selector;
import dev.skep.policy.ast.Tracepoint;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Finds where a policy enforces less than it seems to. A watched process may be hostile: what a
 * system call was given is its own memory, which another thread changes between our look and the
 * kernel's; and a signal ends the process, not what the call has begun.
 */
final class Warnings {
  private static final String SYSCALLS = "syscalls";
  private static final String ENTER = "sys_enter_";
  private static final String BPRM_CHECK = "bprm_check";
  private static final int FEW = 3;

  private final List<Warning> found = new ArrayList<>();

  private Warnings() {}

  static List<Warning> of(PolicyTree tree) {
    var warnings = new Warnings();
    var enforceAt = tree.enforceAt();
    if (enforceAt != null && tree.hooks().stream().noneMatch(Warnings::enforces)) {
      warnings.warn(
          enforceAt,
          "is enforce, but no selector has an action that enforces, so the policy only observes;"
              + " add matchActions such as Override or Sigkill, or delete it");
    }
    tree.hooks().forEach(warnings::of);
    return List.copyOf(warnings.found);
  }

  private void of(PolicyHook hook) {
    switch (hook) {
      case Kprobe kprobe -> {
        var syscalls = new TreeSet<String>();
        for (var call : kprobe.calls()) {
          switch (call) {
            case Call.Syscall(_, var name, _) -> syscalls.add(name);
            case Call.Function(var symbol) -> ofFunction(hook, symbol);
          }
        }
        if (!syscalls.isEmpty()) {
          ofSyscalls(hook, syscalls);
        }
      }
      case Tracepoint point
          when point.subsystem().equals(SYSCALLS) && point.event().startsWith(ENTER) ->
          ofSyscalls(hook, Set.of(point.event().substring(ENTER.length())));
      case Tracepoint _ -> {}
      case LsmHook lsm -> ofFunction(hook, SecurityFunction.PREFIX + lsm.hook());
    }
  }

  private void ofSyscalls(PolicyHook hook, Set<String> calls) {
    decisionOnMemory(hook)
        .ifPresent(filter ->
            warn(
                filter.path(),
                "decides on what the process can change until the kernel reads it itself ("
                    + word(hook, filter)
                    + "), so a hostile one escapes; "
                    + insteadOf(calls)));
    var late =
        calls.stream()
            .filter(call -> SecurityFunction.of(call).map(SecurityFunction::late).orElse(false))
            .collect(Collectors.toCollection(LinkedHashSet::new));
    var signal = signalAlone(hook);
    if (!late.isEmpty() && signal.isPresent()) {
      warn(
          signal.get(),
          "is sent when "
              + few(late)
              + " begins, and ends the process, but the call may have acted by then"
              + (late.contains("write") || late.contains("pwrite64")
                  ? " (on pipes, sockets and with direct I/O)"
                  : "")
              + "; to prevent it, use Override on "
              + functions(late));
    }
  }

  private void ofFunction(PolicyHook hook, String symbol) {
    boolean late =
        symbol.startsWith(SecurityFunction.PREFIX)
            && SecurityFunction.named(symbol).map(SecurityFunction::late).orElse(false);
    if (late) {
      signalAlone(hook)
          .ifPresent(path ->
              warn(
                  path,
                  "ends the process, but what "
                      + symbol
                      + " was asked about may happen before; add {action: Override, argError:"
                      + " -1}"));
    }
  }

  /** The first filter on the caller's own that an enforcing selector, or one before it, has. */
  private static Optional<Selector.ArgumentFilter> decisionOnMemory(PolicyHook hook) {
    int last = -1;
    for (int i = 0; i < hook.selectors().size(); i++) {
      last = enforces(hook.selectors().get(i).actions()) ? i : last;
    }
    return hook.selectors().stream()
        .limit(last + 1L)
        .flatMap(selector -> selector.arguments().stream())
        .filter(filter -> isTheCallers(type(hook, filter)))
        .findFirst();
  }

  private static ArgumentType type(PolicyHook hook, Selector.ArgumentFilter filter) {
    return hook.arguments().get(filter.argument()).type();
  }

  private static boolean isTheCallers(ArgumentType type) {
    return switch (type) {
      case STRING, CHAR_BUF, CHAR_IOVEC, DATA_LOC, SOCKADDR, SOCKADDR_UN, BPF_ATTR, FD, AUTO ->
          true;
      default -> false;
    };
  }

  private static String word(PolicyHook hook, Selector.ArgumentFilter filter) {
    return switch (type(hook, filter)) {
      case FD -> "which file a descriptor means";
      case AUTO -> "an argument that may be in its memory";
      default -> "its memory";
    };
  }

  private static String insteadOf(Set<String> calls) {
    var known = calls.stream().flatMap(call -> SecurityFunction.of(call).stream()).toList();
    if (known.isEmpty()) {
      return "the kernel asks no security module about "
          + few(calls)
          + " that is known here; decide by process or by numbers where that will do";
    }
    var arguments =
        known.stream()
            .map(SecurityFunction::argument)
            .filter(argument -> !argument.isEmpty())
            .distinct()
            .collect(Collectors.joining(" or "));
    return "hook "
        + functions(calls)
        + " instead"
        + (arguments.isEmpty()
            ? ""
            : ", whose argument of type " + arguments + " is what the kernel acts on");
  }

  private static String functions(Set<String> calls) {
    return calls.stream()
        .flatMap(call -> SecurityFunction.of(call).stream())
        .distinct()
        .limit(FEW)
        .map(Warnings::words)
        .collect(Collectors.joining(", "));
  }

  private static String words(SecurityFunction function) {
    return function.symbol()
        + (function.name().equals(BPRM_CHECK)
            ? " (LSM hook bprm_check_security)"
            : " (LSM hook " + function.name() + ")");
  }

  private static String few(Set<String> calls) {
    var some = calls.stream().limit(FEW).collect(Collectors.joining(", "));
    return calls.size() > FEW ? some + " and " + (calls.size() - FEW) + " more" : some;
  }

  /** The path of the first signal of a selector that lets the call go on. */
  private static Optional<String> signalAlone(PolicyHook hook) {
    return hook.selectors().stream()
        .map(Selector::actions)
        .filter(actions -> actions.stream().noneMatch(Warnings::prevents))
        .flatMap(List::stream)
        .filter(action -> action instanceof Action.Signal)
        .map(action -> action.path() + ".action")
        .findFirst();
  }

  private static boolean enforces(PolicyHook hook) {
    return hook.selectors().stream()
        .anyMatch(selector -> enforces(selector.actions()) || enforces(selector.returnActions()));
  }

  private static boolean enforces(List<Action> actions) {
    return actions.stream().anyMatch(action -> action instanceof Action.Signal || prevents(action));
  }

  private static boolean prevents(Action action) {
    return action instanceof Action.OverrideReturn || action instanceof Action.NotifyEnforcer;
  }

  private void warn(String path, String message) {
    found.add(new Warning(path, message));
  }
}
