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
import java.util.stream.Stream;
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
        case Tracepoint tracepoint -> hooks.add(readTracepoint(i, tracepoint));
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
        what
            + "; kprobes, of system calls and of functions, tracepoints and lsmhooks can be carried out");
    problems.beyond("spec." + list);
  }

  private Optional<Hook> readKprobe(int index, Kprobe hook) {
    var path = hook.path();
    if (hook.returnArgAction() != Kprobe.ReturnArgAction.POST) {
      problems.unsupported(path + ".returnArgAction", "actions on the return value");
    }
    var positions = new HashMap<Integer, Integer>();
    var call = hook.calls().getFirst();
    var arguments = readArguments(hook, call, positions);
    var returned = readReturned(hook.returned(), call);
    var selectors = readSelectors(hook, hardest(hook), positions);
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
    boolean list = ValueLists.isReference(hook.call());
    return switch (hook.calls().getFirst()) {
      case Call.Function _ when list ->
          Optional.of(new Hook.Place.Functions(symbols(hook), hook.callNotFound()));
      case Call.Function(var symbol) ->
          Optional.of(new Hook.Place.Function(symbol, hook.callNotFound()));
      case Call.Syscall(_, var name, _) ->
          areNative(hook)
              ? Optional.of(
                  list || hook.callNotFound()
                      ? new Hook.Place.Syscalls(names(hook), hook.callNotFound())
                      : new Hook.Place.Syscall(name))
              : Optional.empty();
    };
  }

  private static List<String> symbols(Kprobe hook) {
    return hook.calls().stream()
        .flatMap(
            call -> call instanceof Call.Function(var symbol) ? Stream.of(symbol) : Stream.empty())
        .distinct()
        .toList();
  }

  private static List<String> names(Kprobe hook) {
    return hook.calls().stream()
        .flatMap(
            call -> call instanceof Call.Syscall(_, var name, _) ? Stream.of(name) : Stream.empty())
        .distinct()
        .toList();
  }

  private boolean areNative(Kprobe hook) {
    for (var call : hook.calls()) {
      if (call instanceof Call.Syscall(var abi, var name, _) && abi != Call.Abi.X64) {
        problems.unsupported(
            hook.path() + ".call",
            "calls other than those of 64-bit x86 programs, such as i386/" + name);
        return false;
      }
    }
    return true;
  }

  /** What is asked of all is asked of the one that is least able to do it. */
  private static Call hardest(Kprobe hook) {
    return hook.calls().stream()
        .filter(
            call -> !(call instanceof Call.Function(var symbol) && symbol.startsWith("security_")))
        .findFirst()
        .orElse(hook.calls().getFirst());
  }

  private Hook readTracepoint(int index, Tracepoint hook) {
    var positions = new HashMap<Integer, Integer>();
    var arguments =
        hook.raw()
            ? readArguments(hook, new Call.Function(hook.event()), positions)
            : readFields(hook, positions);
    return new Hook(
        index,
        hook.path(),
        hook.subsystem() + "/" + hook.event(),
        hook.raw()
            ? new Hook.Place.RawTracepoint(hook.subsystem(), hook.event())
            : new Hook.Place.Tracepoint(hook.subsystem(), hook.event()),
        arguments,
        null,
        readSelectors(hook, null, positions),
        hook.message(),
        hook.tags());
  }

  private List<Hook.Argument> readFields(Tracepoint hook, Map<Integer, Integer> positions) {
    var fields = new ArrayList<Hook.Argument>();
    for (int i = 0; i < hook.arguments().size(); i++) {
      int position = i;
      readField(hook.arguments().get(i))
          .ifPresent(field -> {
            positions.put(position, fields.size());
            fields.add(field);
          });
    }
    return fields;
  }

  private Optional<Hook.Argument> readField(Argument argument) {
    refuseMaxData(argument);
    if (argument.type() == dev.skep.policy.ast.ArgumentType.NOP) {
      return Optional.empty();
    }
    return typeOrAuto(argument)
        .filter(its -> isInRecord(its, argument))
        .filter(its -> argument.sizeIndex().isPresent() == (its == ArgumentType.CHAR_BUF))
        .map(its ->
            new Hook.Argument(argument.index(), its, argument.sizeIndex(), argument.label()));
  }

  private Optional<ArgumentType> typeOrAuto(Argument argument) {
    return argument.type() == dev.skep.policy.ast.ArgumentType.AUTO
        ? Optional.of(ArgumentType.AUTO)
        : type(argument);
  }

  private boolean isInRecord(ArgumentType type, Argument argument) {
    if (!type.struct().isEmpty()) {
      problems.invalid(
          argument.path() + ".type",
          "is "
              + argument.type().words().getFirst()
              + ", a structure of the kernel, but the fields of a tracepoint are numbers, texts and"
              + " buffers; hook a function of the kernel that is given it");
    }
    return type.struct().isEmpty();
  }

  private void refuseMaxData(Argument argument) {
    if (argument.maxData()) {
      problems.unsupported(
          argument.path() + ".maxData", "more than 4096 bytes of an argument; delete it");
    }
  }

  private Optional<Hook.Argument> readArgument(Argument argument, Call call) {
    if (argument.returnCopy()) {
      problems.unsupported(
          argument.path() + ".returnCopy", "reading an argument when the call returns; delete it");
    }
    refuseMaxData(argument);
    if (argument.type() == dev.skep.policy.ast.ArgumentType.NOP) {
      return Optional.empty();
    }
    if (argument.index() > LAST_ARGUMENT && call instanceof Call.Function) {
      problems.unsupported(
          argument.path() + ".index",
          "arguments from the seventh on; those with index 0 to 5 can be read");
    }
    return typeOrAuto(argument)
        .filter(type -> isThere(type, argument, call))
        .filter(type ->
            argument.index() <= LAST_ARGUMENT
                && argument.sizeIndex().isPresent() == (type == ArgumentType.CHAR_BUF))
        .map(type ->
            new Hook.Argument(argument.index(), type, argument.sizeIndex(), argument.label()));
  }

  private boolean isThere(ArgumentType type, Argument argument, Call call) {
    if (type == ArgumentType.DATA_LOC
        || type == ArgumentType.CONST_BUF
        || type == ArgumentType.SYSCALL64) {
      problems.invalid(
          argument.path() + ".type",
          "is "
              + argument.type().words().getFirst()
              + ", a field of a tracepoint; a call is given numbers and pointers, such as string");
      return false;
    }
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

  Optional<ArgumentType> type(Argument argument) {
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
      case DATA_LOC -> Optional.of(ArgumentType.DATA_LOC);
      case CONST_BUF -> Optional.of(ArgumentType.CONST_BUF);
      case SYSCALL64 -> Optional.of(ArgumentType.SYSCALL64);
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
                + " net_device, nop and, of tracepoints, data_loc, const_buf and syscall64 can be"
                + " read");
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
      PolicyHook hook, @Nullable Call call, Map<Integer, Integer> positions) {
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
