package dev.skep.policy;

import dev.skep.crds.v1alpha1.HookSpec.KprobeSpec;
import dev.skep.policy.ast.Argument;
import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Call;
import dev.skep.policy.ast.Kprobe;
import dev.skep.policy.ast.Kprobe.ReturnArgAction;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One entry of {@code spec.kprobes} or {@code spec.fentries}. */
final class KprobeReader {
  /** In place of a call that is wrong, so that the rest can be looked at. */
  private static final Call ANY = new Call.Syscall(Call.Abi.X64, "read", 0);

  private final Problems problems;
  private final ValueLists lists;
  private final String path;
  private final boolean fentry;

  KprobeReader(Problems problems, ValueLists lists, String path, boolean fentry) {
    this.problems = problems;
    this.lists = lists;
    this.path = path;
    this.fentry = fentry;
  }

  /** If something is wrong, only what is right. */
  Kprobe read(KprobeSpec spec) {
    boolean syscall = !Boolean.FALSE.equals(spec.syscall());
    var calls = readCalls(spec.call(), syscall);
    if (!spec.data().isEmpty()) {
      problems.unsupported(path + ".data", "values that are no arguments");
    }
    var place = syscall ? HookPlace.SYSCALL : HookPlace.FUNCTION;
    var arguments = new ArgumentReader(problems, place).readAll(spec.args(), path + ".args");
    var returned = readReturned(spec, place);
    var returnArgAction = readReturnArgAction(spec, returned);
    boolean returns = Boolean.TRUE.equals(spec.wantsReturn());
    var selectors =
        new SelectorReader(problems, new HookContext(arguments, returns, returned, lists))
            .readAll(spec.selectors(), path + ".selectors");
    return new Kprobe(
        path,
        fentry,
        spec.call() == null ? "" : spec.call(),
        calls.isEmpty() ? List.of(ANY) : calls,
        spec.ignore() != null && Boolean.TRUE.equals(spec.ignore().callNotFound()),
        arguments.asList(),
        returned,
        returnArgAction,
        selectors,
        spec.message(),
        spec.tags());
  }

  /** None: something is wrong, and told. */
  private List<Call> readCalls(@Nullable String call, boolean syscall) {
    var at = path + ".call";
    if (call == null) {
      return List.of(); // reported as missing
    }
    if (!ValueLists.isReference(call)) {
      return readCalls(List.of(call), syscall, at);
    }
    return switch (lists.find(call, at, problems)) {
      case null -> List.of();
      case ValueLists.ValueList.Unreadable() -> List.of();
      case ValueLists.ValueList.Plain(var names) -> readCalls(names, syscall, at);
      case ValueLists.ValueList.Syscalls(var calls) -> {
        if (!syscall) {
          problems.invalid(
              path + ".syscall", "is false, but " + Text.plain(call) + " has system calls");
        }
        yield List.copyOf(calls);
      }
    };
  }

  private List<Call> readCalls(List<String> names, boolean syscall, String at) {
    var reader = new CallReader(problems);
    var calls = new ArrayList<Call>();
    for (var name : names) {
      var call = syscall ? reader.readSyscall(name, at) : reader.readFunction(name, at);
      if (call != null) {
        calls.add(call);
      }
    }
    return calls.size() == names.size() ? calls : List.of();
  }

  private @Nullable Argument readReturned(KprobeSpec spec, HookPlace place) {
    boolean wanted = Boolean.TRUE.equals(spec.wantsReturn());
    if (spec.returnArg() == null) {
      if (wanted) {
        problems.invalid(
            path + ".returnArg", "is missing, but return is true; add {index: 0, type: int}");
      }
      return null;
    }
    if (!wanted) {
      problems.invalid(
          path + ".returnArg", "is there, but return is not true; add return: true or delete it");
      return null;
    }
    var at = path + ".returnArg";
    var read = new ArgumentReader(problems, place).read(spec.returnArg(), at);
    if (read.isNop()) {
      problems.invalid(at + ".type", "is nop, but return is true; give it a type");
      return null;
    }
    return read.known() ? read.argument() : null;
  }

  private ReturnArgAction readReturnArgAction(KprobeSpec spec, @Nullable Argument returned) {
    var action =
        switch (spec.returnArgAction()) {
          case "TrackSock" -> ReturnArgAction.TRACK_SOCK;
          case "UntrackSock" -> ReturnArgAction.UNTRACK_SOCK;
          case null, default -> ReturnArgAction.POST;
        };
    if (action == ReturnArgAction.POST) {
      return action;
    }
    var at = path + ".returnArgAction";
    if (!Boolean.TRUE.equals(spec.wantsReturn())) {
      problems.invalid(
          at, "is " + spec.returnArgAction() + ", but return is not true; add return: true");
    } else if (returned != null
        && returned.type() != ArgumentType.SOCK
        && returned.type() != ArgumentType.AUTO) {
      problems.invalid(
          at,
          "is "
              + spec.returnArgAction()
              + ", but the return value is of type "
              + returned.type().words().getFirst()
              + ", must be a sock");
    }
    return action;
  }
}
