package dev.skep.policy;

import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.ast.Argument;
import dev.skep.policy.ast.Call;
import dev.skep.policy.ast.Kprobe;
import dev.skep.policy.ast.LsmHook;
import dev.skep.policy.ast.PolicyHook;
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

  /** In registers. */
  private static final int LAST_ARGUMENT = 5;

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
        case Kprobe kprobe when kprobe.fentry() -> beyond("fentries", "trampolines");
        case Kprobe kprobe -> readKprobe(i, kprobe).ifPresent(hooks::add);
        case Tracepoint _ -> beyond("tracepoints", "tracepoints");
        case LsmHook lsm -> hooks.add(readLsmHook(i, lsm));
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
        "spec." + list,
        what + "; kprobes, of system calls and of functions, and lsmhooks can be carried out");
    problems.beyond("spec." + list);
  }

  private Optional<Hook> readKprobe(int index, Kprobe hook) {
    var path = hook.path();
    if (ValueLists.isReference(hook.call())) {
      problems.unsupported(path + ".call", "a list of calls; write one kprobe for each");
    }
    if (hook.callNotFound() && hook.calls().getFirst() instanceof Call.Syscall) {
      problems.unsupported(
          path + ".ignore.callNotFound", "leaving out calls that do not exist; delete it");
    }
    if (hook.returnArgAction() != Kprobe.ReturnArgAction.POST) {
      problems.unsupported(path + ".returnArgAction", "actions on the return value");
    }
    var positions = new HashMap<Integer, Integer>();
    var call = hook.calls().getFirst();
    var arguments = readArguments(hook, call, positions);
    var returned = readReturned(hook.returned(), call);
    var selectors = readSelectors(hook, call, positions);
    return place(hook)
        .map(place ->
            new Hook(
                index,
                path,
                hook.call(),
                place,
                arguments,
                returned,
                selectors,
                hook.message(),
                hook.tags()));
  }

  private Hook readLsmHook(int index, LsmHook hook) {
    // A function of this name asks all security modules, with the same arguments.
    var call = new Call.Function("security_" + hook.hook());
    var positions = new HashMap<Integer, Integer>();
    var arguments = readArguments(hook, call, positions);
    var selectors = readSelectors(hook, call, positions);
    for (int i = 0; i < selectors.size(); i++) {
      if (selectors.get(i).action().error() > 0) {
        problems.invalid(
            Path.item(hook.path() + ".selectors", i) + ".matchActions",
            "has an argError above 0; what an LSM hook returns is an error, such as -1 for EPERM");
      }
    }
    return new Hook(
        index,
        hook.path(),
        hook.hook(),
        new Hook.Place.LsmHook(hook.hook()),
        arguments,
        null,
        selectors,
        hook.message(),
        hook.tags());
  }

  /**
   * @param positions filled with those in the policy, and those among the arguments that are read
   */
  private List<Hook.Argument> readArguments(
      PolicyHook hook, Call call, Map<Integer, Integer> positions) {
    var arguments = new ArrayList<Hook.Argument>();
    for (int i = 0; i < hook.arguments().size(); i++) {
      int position = i;
      readArgument(hook.arguments().get(i), call)
          .ifPresent(argument -> {
            positions.put(position, arguments.size());
            arguments.add(argument);
          });
    }
    return arguments;
  }

  private Optional<Hook.Place> place(Kprobe hook) {
    return switch (hook.calls().getFirst()) {
      case Call.Function(var symbol) ->
          Optional.of(new Hook.Place.Function(symbol, hook.callNotFound()));
      case Call.Syscall(var abi, var name, _) when abi == Call.Abi.X64 ->
          Optional.of(new Hook.Place.Syscall(name));
      case Call.Syscall _ -> {
        problems.unsupported(
            hook.path() + ".call", "calls other than those of 64-bit x86 programs");
        yield Optional.empty();
      }
    };
  }

  private Optional<Hook.Argument> readArgument(Argument argument, Call call) {
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
    if (argument.index() > LAST_ARGUMENT && call instanceof Call.Function) {
      problems.unsupported(
          argument.path() + ".index",
          "arguments from the seventh on; those with index 0 to 5 can be read");
    }
    return type(argument)
        .filter(type -> isThere(type, argument, call))
        .filter(type ->
            argument.index() <= LAST_ARGUMENT
                && argument.sizeIndex().isPresent() == (type == ArgumentType.CHAR_BUF))
        .map(type ->
            new Hook.Argument(argument.index(), type, argument.sizeIndex(), argument.label()));
  }

  private boolean isThere(ArgumentType type, Argument argument, Call call) {
    boolean there = type.struct().isEmpty() || call instanceof Call.Function;
    if (!there) {
      problems.invalid(
          argument.path() + ".type",
          "is "
              + argument.type().words().getFirst()
              + ", a structure of the kernel, which no system call is given; a descriptor is of type"
              + " fd, a path of type string; or hook a function of the kernel, with syscall: false");
    }
    return there;
  }

  private Optional<ArgumentType> type(Argument argument) {
    return switch (argument.type()) {
      case INT8 -> Optional.of(ArgumentType.INT8);
      case UINT8 -> Optional.of(ArgumentType.UINT8);
      case INT16 -> Optional.of(ArgumentType.INT16);
      case UINT16 -> Optional.of(ArgumentType.UINT16);
      case INT32 -> Optional.of(ArgumentType.INT);
      case UINT32 -> Optional.of(ArgumentType.UINT32);
      case INT64 -> Optional.of(ArgumentType.LONG);
      case UINT64 -> Optional.of(ArgumentType.SIZE);
      case FD -> Optional.of(ArgumentType.FD);
      case STRING -> Optional.of(ArgumentType.STRING);
      case CHAR_BUF -> Optional.of(ArgumentType.CHAR_BUF);
      case FILE -> Optional.of(ArgumentType.FILE);
      case PATH -> Optional.of(ArgumentType.PATH);
      case DENTRY -> Optional.of(ArgumentType.DENTRY);
      case LINUX_BINPRM -> Optional.of(ArgumentType.LINUX_BINPRM);
      case FILENAME -> Optional.of(ArgumentType.FILENAME);
      case SOCK -> Optional.of(ArgumentType.SOCK);
      case SOCKET -> Optional.of(ArgumentType.SOCKET);
      case SKB -> Optional.of(ArgumentType.SKB);
      case SOCKADDR -> Optional.of(ArgumentType.SOCKADDR);
      case SOCKADDR_UN -> Optional.of(ArgumentType.SOCKADDR_UN);
      case NET_DEVICE -> Optional.of(ArgumentType.NET_DEVICE);
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
                + "; int8 to int64, uint8 to uint64, long, size_t, fd, string, char_buf, file, path,"
                + " dentry, linux_binprm, filename, sock, socket, skb, sockaddr, sockaddr_un,"
                + " net_device and nop can be read");
        yield Optional.empty();
      }
    };
  }

  private Hook.@Nullable Argument readReturned(@Nullable Argument returned, Call call) {
    if (returned == null) {
      return null;
    }
    return switch (returned.type()) {
      case INT8, UINT8, INT16, UINT16, INT32, UINT32, INT64, UINT64 ->
          readArgument(returned, call).orElse(null);
      default -> {
        problems.unsupported(
            returned.path() + ".type",
            "a return value of this type; numbers, such as int, long and size_t, can be reported");
        yield null;
      }
    };
  }

  private List<Hook.Selector> readSelectors(
      PolicyHook hook, Call call, Map<Integer, Integer> positions) {
    var selectors =
        hook.selectors().stream()
            .map(selector -> new EngineSelectors(problems, call, positions).of(selector))
            .toList();
    int filters = 0;
    for (var selector : selectors) {
      var atReturn = selector.atReturn();
      int returns = atReturn == null ? 0 : atReturn.filters().size();
      filters += Math.max(1, selector.process().size() + selector.arguments().size() + returns);
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
