package dev.skep.policy;

import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.ast.Argument;
import dev.skep.policy.ast.Call;
import dev.skep.policy.ast.Kprobe;
import dev.skep.policy.ast.LsmHook;
import dev.skep.policy.ast.Tracepoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What of the language this version's engine can carry out. All its limits are here and in {@link
 * EngineSelectors}; what it lacks is refused with its path and "not supported yet".
 */
final class EngineForm {
  private static final int FILTERS = 256;

  private final Problems problems;

  EngineForm(Problems problems) {
    this.problems = problems;
  }

  /** Null: there are problems, these or earlier ones. */
  @Nullable Policy of(PolicyTree tree) {
    if (tree.overrideMethod() != PolicyTree.OverrideMethod.AUTOMATIC) {
      problems.unsupported("spec.options", "the option override-method");
    }
    var hooks = new ArrayList<Hook>();
    for (int i = 0; i < tree.hooks().size(); i++) {
      switch (tree.hooks().get(i)) {
        case Kprobe kprobe when kprobe.fentry() -> beyond("fentries", "functions of the kernel");
        case Kprobe kprobe -> readSyscall(i, kprobe).ifPresent(hooks::add);
        case Tracepoint _ -> beyond("tracepoints", "tracepoints");
        case LsmHook _ -> beyond("lsmhooks", "hooks of the kernel's security modules");
      }
    }
    return problems.any()
        ? null
        : new Policy(
            tree.name(),
            tree.uid(),
            tree.generation(),
            tree.monitor(),
            tree.nodeSelector(),
            tree.scope(),
            hooks);
  }

  private void beyond(String list, String what) {
    problems.unsupported(
        "spec." + list, what + "; only kprobes of system calls can be carried out");
    problems.beyond("spec." + list);
  }

  private Optional<Hook> readSyscall(int index, Kprobe hook) {
    var path = hook.path();
    if (hook.calls().getFirst() instanceof Call.Function) {
      problems.unsupported(
          path + ".syscall",
          Text.plain(hook.call())
              + " is a function of the kernel, only system calls can be hooked");
      problems.beyond(path);
      return Optional.empty();
    }
    if (ValueLists.isReference(hook.call())) {
      problems.unsupported(path + ".call", "a list of calls; write one kprobe for each");
    }
    if (hook.callNotFound()) {
      problems.unsupported(
          path + ".ignore.callNotFound", "leaving out calls that do not exist; delete it");
    }
    if (hook.returnArgAction() != Kprobe.ReturnArgAction.POST) {
      problems.unsupported(path + ".returnArgAction", "actions on the return value");
    }
    var arguments = new ArrayList<Hook.Argument>();
    var positions = new HashMap<Integer, Integer>();
    for (int i = 0; i < hook.arguments().size(); i++) {
      int position = i;
      readArgument(hook.arguments().get(i))
          .ifPresent(argument -> {
            positions.put(position, arguments.size());
            arguments.add(argument);
          });
    }
    var returned = readReturned(hook.returned());
    var selectors = readSelectors(hook, positions);
    return hook.calls().getFirst() instanceof Call.Syscall call && isNative(call, path)
        ? Optional.of(
            new Hook.Syscall(
                index,
                path,
                hook.call(),
                call.name(),
                arguments,
                returned,
                selectors,
                hook.message(),
                hook.tags()))
        : Optional.empty();
  }

  private boolean isNative(Call.Syscall call, String path) {
    if (call.abi() != Call.Abi.X64) {
      problems.unsupported(path + ".call", "calls other than those of 64-bit x86 programs");
    }
    return call.abi() == Call.Abi.X64;
  }

  private Optional<Hook.Argument> readArgument(Argument argument) {
    if (argument.returnCopy()) {
      problems.unsupported(
          argument.path() + ".returnCopy", "reading an argument when the call returns; delete it");
    }
    if (argument.maxData()) {
      problems.unsupported(
          argument.path() + ".maxData", "more than 4096 bytes of an argument; delete it");
    }
    if (argument.type() == dev.skep.policy.ast.ArgumentType.NOP) {
      return Optional.empty();
    }
    return type(argument)
        .filter(type ->
            argument.index() <= 5
                && argument.sizeIndex().isPresent() == (type == ArgumentType.CHAR_BUF))
        .map(type ->
            new Hook.Argument(argument.index(), type, argument.sizeIndex(), argument.label()));
  }

  private Optional<ArgumentType> type(Argument argument) {
    return switch (argument.type()) {
      case INT32 -> Optional.of(ArgumentType.INT);
      case UINT32 -> Optional.of(ArgumentType.UINT32);
      case INT64 -> Optional.of(ArgumentType.LONG);
      case UINT64 -> Optional.of(ArgumentType.SIZE);
      case FD -> Optional.of(ArgumentType.FD);
      case STRING -> Optional.of(ArgumentType.STRING);
      case CHAR_BUF -> Optional.of(ArgumentType.CHAR_BUF);
      case AUTO -> {
        problems.unsupported(
            argument.path() + ".type", "finding out the type; write it, such as type: int");
        yield Optional.empty();
      }
      default -> {
        problems.unsupported(
            argument.path() + ".type",
            "arguments of type "
                + argument.type().words().getFirst()
                + "; int, uint32, long, size_t, fd, string, char_buf and nop can be read");
        yield Optional.empty();
      }
    };
  }

  private Hook.@Nullable Argument readReturned(@Nullable Argument returned) {
    if (returned == null) {
      return null;
    }
    return switch (returned.type()) {
      case INT32, INT64, UINT64 -> readArgument(returned).orElse(null);
      default -> {
        problems.unsupported(
            returned.path() + ".type",
            "a return value of this type; int, long and size_t can be reported");
        yield null;
      }
    };
  }

  private List<Hook.Selector> readSelectors(Kprobe hook, Map<Integer, Integer> positions) {
    var selectors =
        hook.selectors().stream()
            .map(selector -> new EngineSelectors(problems, positions).of(selector))
            .toList();
    int filters = 0;
    for (var selector : selectors) {
      filters += Math.max(1, selector.process().size() + selector.arguments().size());
    }
    if (filters > FILTERS) {
      problems.unsupported(
          hook.path() + ".selectors",
          Text.count(filters, "filter")
              + " in the selectors of one hook; "
              + FILTERS
              + " can be used");
    }
    return selectors;
  }
}
