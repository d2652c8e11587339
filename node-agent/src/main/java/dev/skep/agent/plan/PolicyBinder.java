package dev.skep.agent.plan;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.CapabilityChangeFilter;
import dev.skep.bpf.HookPlan.CapabilityFilter;
import dev.skep.bpf.HookPlan.LimitScope;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.NamespaceChangeFilter;
import dev.skep.bpf.HookPlan.NamespaceFilter;
import dev.skep.bpf.HookPlan.NamespaceKind;
import dev.skep.bpf.HookPlan.Network;
import dev.skep.bpf.HookPlan.NetworkProperty;
import dev.skep.bpf.HookPlan.Owner;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.ProcessFilter;
import dev.skep.bpf.HookPlan.Range;
import dev.skep.bpf.HookPlan.RateLimit;
import dev.skep.bpf.HookPlan.ReturnFilter;
import dev.skep.bpf.HookPlan.ReturnPlan;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.HookPlan.TextPart;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelTracepoint;
import dev.skep.bpf.PolicyPlan;
import dev.skep.policy.Hook;
import dev.skep.policy.LabelSelector;
import dev.skep.policy.LateTyping;
import dev.skep.policy.Policy;
import dev.skep.policy.Scope;
import dev.skep.policy.ast.Action;
import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Capability;
import dev.skep.policy.ast.FileType;
import dev.skep.policy.ast.Matching.Side;
import dev.skep.policy.ast.Selector;
import dev.skep.policy.ast.Selector.BinaryFilter.Part;
import dev.skep.policy.ast.Selector.Namespace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Binds policies to a machine: every name becomes a number, every default a constant. */
public final class PolicyBinder {
  private static final int UID_BYTES = 39;
  private static final int BINARY_BYTES = 255;
  private static final long MAX_SECONDS = 0xffff_ffffL; // 136 years

  private final HostFacts host;
  private final boolean withPods;

  /**
   * @param withPods whether pods are known, so that policies can choose among them
   */
  public PolicyBinder(HostFacts host, boolean withPods) {
    this.host = host;
    this.withPods = withPods;
  }

  public Binding bind(Policy policy) {
    var problems = new ArrayList<String>();
    if (policy.uid().getBytes(UTF_8).length > UID_BYTES) {
      problems.add("metadata.uid: more than " + UID_BYTES + " bytes: " + policy.uid());
    }
    if (!withPods && !isKnownByCgroups(policy.scope())) {
      problems.add(
          "spec: which pods and containers there are is known with --kube alone: run the agent with"
              + " it, or leave out podSelector, containerSelector and the namespace");
    }
    var here = policy.hooks().stream().filter(hook -> !isLeftOut(hook)).toList();
    if (here.isEmpty()) {
      problems.add(
          "spec.kprobes: this node's kernel has none of the functions, all of which may be missing");
    }
    var hooks = here.stream().map(hook -> bind(hook, problems)).toList();
    return problems.isEmpty()
        ? new Binding.Bound(
            new PolicyPlan(
                policy.uid(),
                policy.generation(),
                policy.monitor(),
                policy.scope().equals(Scope.EVERYTHING)
                    ? PolicyPlan.Scope.EVERYWHERE
                    : PolicyPlan.Scope.CHOSEN,
                hooks))
        : new Binding.Unbindable(problems);
  }

  /** Where all pods lie, and that something lies outside of them, their cgroups tell. */
  private static boolean isKnownByCgroups(Scope scope) {
    return scope.namespace() == null
        && scope.containers().isEverything()
        && (scope.pods().isEverything() || scope.pods().equals(LabelSelector.NOTHING));
  }

  private boolean isLeftOut(Hook hook) {
    return switch (hook.place()) {
      case Hook.Place.Function(var symbol, boolean optional) -> optional && isMissing(symbol);
      case Hook.Place.Functions(var symbols, boolean optional) ->
          optional && symbols.stream().allMatch(this::isMissing);
      case Hook.Place.Syscalls(var names, boolean optional) ->
          optional && names.stream().noneMatch(name -> host.syscallNumber(name).isPresent());
      default -> false;
    };
  }

  private boolean isMissing(String symbol) {
    return host.function(symbol) instanceof KernelFunction.Missing;
  }

  private HookPlan bind(Hook hook, List<String> problems) {
    return switch (hook.place()) {
      case Hook.Place.Syscall(var name) -> bindCalls(hook, List.of(name), problems);
      case Hook.Place.Syscalls(var names, boolean optional) ->
          bindCalls(
              hook,
              names.stream()
                  .filter(name -> !optional || host.syscallNumber(name).isPresent())
                  .toList(),
              problems);
      case Hook.Place.Function(var symbol, _) ->
          bindFunctions(hook, new Place.Function(symbol), List.of(symbol), problems);
      case Hook.Place.Functions(var symbols, boolean optional) -> {
        var there = symbols.stream().filter(its -> !optional || !isMissing(its)).toList();
        yield bindFunctions(hook, new Place.Functions(Set.copyOf(there)), there, problems);
      }
      case Hook.Place.LsmHook(var name) -> bindLsm(hook, name, problems);
      case Hook.Place.Tracepoint tracepoint -> bindTracepoint(hook, tracepoint, problems);
      case Hook.Place.RawTracepoint(var subsystem, var event) ->
          bindRaw(hook, subsystem, event, problems);
    };
  }

  private HookPlan bindCalls(Hook hook, List<String> names, List<String> problems) {
    var place = syscalls(names, hook, problems);
    if (!hasAuto(hook)) {
      return plan(hook, place, arguments(hook), problems);
    }
    var first = names.getFirst();
    KernelTracepoint known;
    try {
      known = host.tracepoint("syscalls", "sys_enter_" + first);
    } catch (BpfException e) {
      problems.add(hook.path() + ".args: types cannot be found out: " + e.getMessage());
      return nothing(hook, place);
    }
    return typed(hook, new SyscallTypes(first, known), problems)
        .map(typed -> plan(typed, place, arguments(typed), problems))
        .orElseGet(() -> nothing(hook, place));
  }

  private HookPlan bindFunctions(
      Hook hook, Place place, List<String> symbols, List<String> problems) {
    var first = symbols.getFirst();
    if (isMissing(first)) {
      problems.addAll(FunctionFit.problems(hook, first, host.function(first)));
      return nothing(hook, place);
    }
    var typed = typed(hook, new FunctionTypes(first, host.function(first)), problems);
    if (typed.isEmpty()) {
      return nothing(hook, place);
    }
    for (var symbol : symbols) {
      problems.addAll(FunctionFit.problems(typed.get(), symbol, host.function(symbol)));
    }
    var instead =
        symbols.size() == 1 ? LsmFit.instead(typed.get(), first, host) : Optional.<Place>empty();
    return plan(typed.get(), instead.orElse(place), arguments(typed.get()), problems);
  }

  private HookPlan bindLsm(Hook hook, String name, List<String> problems) {
    var place = new Place.LsmHook(name);
    var function = LsmFit.function(name, host);
    if (hasAuto(hook) && !(function instanceof KernelFunction.Missing)) {
      var typed = typed(hook, new FunctionTypes(name, function), problems);
      return typed
          .map(its -> {
            problems.addAll(LsmFit.problems(its, name, host));
            return plan(its, place, arguments(its), problems);
          })
          .orElseGet(() -> nothing(hook, place));
    }
    problems.addAll(LsmFit.problems(hook, name, host));
    return problems.isEmpty() || !hasAuto(hook)
        ? plan(hook, place, arguments(hook), problems)
        : nothing(hook, place);
  }

  private static boolean hasAuto(Hook hook) {
    return hook.arguments().stream()
        .anyMatch(argument -> argument.type() == Hook.ArgumentType.AUTO);
  }

  /** With all types found out; empty: some cannot be, or what is asked does not fit them. */
  private static Optional<Hook> typed(Hook hook, ArgumentTypes types, List<String> problems) {
    var found = new HashMap<Integer, ArgumentType>();
    boolean whole = true;
    for (int i = 0; i < hook.arguments().size(); i++) {
      var argument = hook.arguments().get(i);
      if (argument.type() == Hook.ArgumentType.AUTO) {
        var type = types.type(argument);
        if (type.isEmpty()) {
          problems.add(hook.path() + ".args: " + types.noType(argument));
          whole = false;
        } else {
          found.put(i, type.get());
        }
      }
    }
    if (!whole) {
      return Optional.empty();
    }
    var typing = LateTyping.of(hook, found);
    typing.problems().forEach(problem -> problems.add(problem.toString()));
    return typing.problems().isEmpty() ? Optional.of(typing.hook()) : Optional.empty();
  }

  /** What has problems is not loaded. */
  private static HookPlan nothing(Hook hook, Place place) {
    return new HookPlan(hook.index(), place, false, List.of(), List.of());
  }

  private List<ArgumentPlan> arguments(Hook hook) {
    return hook.arguments().stream()
        .map(argument ->
            new ArgumentPlan(
                kind(argument.type()),
                argument.index(),
                argument.sizeIndex().orElseGet(() -> length(argument, hook.place()))))
        .toList();
  }

  /** Which argument has the length of an address; 0: none, or not the same of all functions. */
  private int length(Hook.Argument argument, Hook.Place place) {
    return switch (place) {
      case Hook.Place.Function(var symbol, _) ->
          FunctionFit.lengthOf(argument, host.function(symbol));
      case Hook.Place.Functions(var symbols, _) -> {
        var lengths =
            symbols.stream()
                .map(symbol -> FunctionFit.lengthOf(argument, host.function(symbol)))
                .distinct()
                .toList();
        yield lengths.size() == 1 ? lengths.getFirst() : 0;
      }
      case Hook.Place.LsmHook(var name) ->
          FunctionFit.lengthOf(argument, LsmFit.function(name, host));
      case Hook.Place.RawTracepoint(_, var event) ->
          FunctionFit.lengthOf(argument, host.rawTracepoint(event));
      case Hook.Place.Syscall _, Hook.Place.Syscalls _, Hook.Place.Tracepoint _ -> 0;
    };
  }

  private HookPlan bindTracepoint(
      Hook hook, Hook.Place.Tracepoint tracepoint, List<String> problems) {
    var place = new Place.Tracepoint(tracepoint.subsystem(), tracepoint.event());
    var format = format(hook, tracepoint, problems);
    if (format == null) {
      return nothing(hook, place);
    }
    var fit = new TracepointFit(tracepoint, format);
    return typed(hook, fit, problems)
        .map(typed -> plan(typed, place, fit.plans(typed, problems), problems))
        .orElseGet(() -> nothing(hook, place));
  }

  private HookPlan bindRaw(Hook hook, String subsystem, String event, List<String> problems) {
    var place = new Place.RawTracepoint(event);
    var given = host.rawTracepoint(event);
    if (given instanceof KernelFunction.Missing) {
      problems.add(noTracepoint(hook, subsystem + "/" + event));
      return nothing(hook, place);
    }
    var typed = typed(hook, new FunctionTypes(event, given), problems);
    if (typed.isEmpty()) {
      return nothing(hook, place);
    }
    problems.addAll(FunctionFit.problems(typed.get(), event, given));
    return plan(typed.get(), place, arguments(typed.get()), problems);
  }

  private static String noTracepoint(Hook hook, String name) {
    return hook.path()
        + ".event: this node's kernel has no tracepoint "
        + name
        + "; kernels differ in them: keep the policy off such nodes with nodeSelector, or take one"
        + " that they all have";
  }

  /** Null: it is not there, which is among the problems. */
  private KernelTracepoint.@Nullable Format format(
      Hook hook, Hook.Place.Tracepoint tracepoint, List<String> problems) {
    try {
      return switch (host.tracepoint(tracepoint.subsystem(), tracepoint.event())) {
        case KernelTracepoint.Format format -> format;
        case KernelTracepoint.Missing _ -> {
          problems.add(noTracepoint(hook, tracepoint.call()));
          yield null;
        }
      };
    } catch (BpfException e) {
      problems.add(hook.path() + ": which tracepoints there are cannot be read: " + e.getMessage());
      return null;
    }
  }

  private HookPlan plan(
      Hook hook, Place place, List<ArgumentPlan> arguments, List<String> problems) {
    var selectors = new ArrayList<SelectorPlan>();
    for (int i = 0; i < hook.selectors().size(); i++) {
      var selector = hook.selectors().get(i);
      var path = hook.path() + ".selectors[" + i + "]";
      selectors.add(bind(selector, path, hook.returned(), problems));
    }
    return new HookPlan(hook.index(), place, hook.returned() != null, arguments, selectors);
  }

  private Place syscalls(List<String> names, Hook hook, List<String> problems) {
    boolean overrides =
        hook.selectors().stream().anyMatch(selector -> selector.action().error() != 0);
    var numbers = new HashSet<Integer>();
    var functions = new HashMap<Integer, String>();
    for (var name : names) {
      var number = host.syscallNumber(name);
      if (number.isEmpty()) {
        problems.add(
            hook.path()
                + ".call: no system call "
                + name
                + " is known for "
                + host.architecture()
                + "; keep the policy off such nodes with nodeSelector kubernetes.io/arch");
        continue;
      }
      numbers.add(number.getAsInt());
      if (overrides) {
        host.overridable(name)
            .ifPresentOrElse(
                function -> functions.put(number.getAsInt(), function),
                () ->
                    problems.add(
                        hook.path()
                            + ".selectors: the action Override, but this node's kernel lets nobody"
                            + " replace what a system call returns; hook the function security_...,"
                            + " or the LSM hook, by which it asks whether the call is allowed"));
      }
    }
    return new Place.Syscalls(numbers, functions);
  }

  static ArgumentKind kind(Hook.ArgumentType type) {
    return switch (type) {
      case INT8 -> ArgumentKind.INT8;
      case UINT8 -> ArgumentKind.UINT8;
      case INT16 -> ArgumentKind.INT16;
      case UINT16 -> ArgumentKind.UINT16;
      case INT -> ArgumentKind.INT;
      case UINT32 -> ArgumentKind.UINT32;
      case LONG -> ArgumentKind.LONG;
      case SIZE -> ArgumentKind.SIZE;
      case FD -> ArgumentKind.FD;
      case STRING -> ArgumentKind.STRING;
      case CHAR_BUF -> ArgumentKind.CHAR_BUF;
      case FILE -> ArgumentKind.FILE;
      case PATH -> ArgumentKind.PATH;
      case DENTRY -> ArgumentKind.DENTRY;
      case LINUX_BINPRM -> ArgumentKind.BINPRM;
      case FILENAME -> ArgumentKind.FILENAME;
      case SOCK -> ArgumentKind.SOCK;
      case SOCKET -> ArgumentKind.SOCKET;
      case SKB -> ArgumentKind.SKB;
      case SOCKADDR -> ArgumentKind.SOCKADDR;
      case SOCKADDR_UN -> ArgumentKind.SOCKADDR_UN;
      case NET_DEVICE -> ArgumentKind.NET_DEVICE;
      case DATA_LOC -> ArgumentKind.DATA_LOC;
      case CONST_BUF -> ArgumentKind.CONST_BUF;
      case SYSCALL64 -> ArgumentKind.SYSCALL64;
      case AUTO -> throw new IllegalArgumentException("a type that is yet to be found out");
    };
  }

  private SelectorPlan bind(
      Hook.Selector selector,
      String path,
      Hook.@Nullable Argument returned,
      List<String> problems) {
    return new SelectorPlan(
        selector.process().stream().map(filter -> bind(filter, path, problems)).toList(),
        selector.arguments().stream()
            .map(a -> new ArgumentFilter(a.argument(), a.negated(), bind(a.matching())))
            .toList(),
        selector.action().post(),
        selector.action().signal(),
        limit(selector.action().limit()),
        selector.action().error(),
        bind(selector.atReturn(), returned));
  }

  private static @Nullable ReturnPlan bind(
      Hook.@Nullable AtReturn atReturn, Hook.@Nullable Argument returned) {
    return atReturn == null || returned == null
        ? null
        : new ReturnPlan(
            kind(returned.type()),
            atReturn.filters().stream()
                .map(filter -> new ReturnFilter(filter.negated(), bind(filter.matching())))
                .toList(),
            atReturn.post(),
            atReturn.signal());
  }

  private static @Nullable RateLimit limit(Action.@Nullable RateLimit limit) {
    return limit == null
        ? null
        : new RateLimit(
            Math.min(limit.seconds(), MAX_SECONDS), LimitScope.valueOf(limit.scope().name()));
  }

  private ProcessFilter bind(Hook.ProcessFilter filter, String path, List<String> problems) {
    return switch (filter) {
      case Hook.PidFilter(var negated, var inNamespace, var followForks, var pids) ->
          new PidFilter(negated, inNamespace, followForks, pids);
      case Hook.BinaryFilter binaries -> bind(binaries, path, problems);
      case Hook.NamespaceFilter(var negated, var namespace, var host, var inodes) -> {
        var all = inodes.stream().map(Long::intValue).collect(Collectors.toSet());
        if (host) {
          all.add(hostInode(namespace, path + ".matchNamespaces", problems));
        }
        yield new NamespaceFilter(negated, kind(namespace), all);
      }
      case Hook.NamespaceChangeFilter(var negated, var namespaces) ->
          new NamespaceChangeFilter(
              negated, namespaces.stream().map(PolicyBinder::kind).collect(Collectors.toSet()));
      case Hook.CapabilityFilter(var negated, var set, var outside, var capabilities) ->
          new CapabilityFilter(
              negated,
              set(set),
              bits(capabilities),
              outside ? hostInode(Namespace.USER, path + ".matchCapabilities", problems) : 0);
      case Hook.CapabilityChangeFilter(var negated, var set, var outside, var capabilities) ->
          new CapabilityChangeFilter(
              negated,
              set(set),
              bits(capabilities),
              outside ? hostInode(Namespace.USER, path + ".matchCapabilityChanges", problems) : 0);
    };
  }

  private int hostInode(Namespace namespace, String path, List<String> problems) {
    var own = host.namespaces();
    int inode =
        switch (namespace) {
          case UTS -> own.uts();
          case IPC -> own.ipc();
          case MNT -> own.mnt();
          case PID -> own.pid();
          case PID_FOR_CHILDREN -> own.pidForChildren();
          case NET -> own.net();
          case TIME -> own.time();
          case TIME_FOR_CHILDREN -> own.timeForChildren();
          case CGROUP -> own.cgroup();
          case USER -> own.user();
        };
    if (inode == 0) {
      problems.add(path + ": the host's " + namespace + " namespace is not known on this node");
    }
    return inode;
  }

  private static NamespaceKind kind(Namespace namespace) {
    return NamespaceKind.valueOf(namespace.name());
  }

  private static HookPlan.CapabilitySet set(Selector.CapabilitySet set) {
    return HookPlan.CapabilitySet.valueOf(set.name());
  }

  private static long bits(Set<Capability> capabilities) {
    long bits = 0;
    for (var capability : capabilities) {
      bits |= capability.bit();
    }
    return bits;
  }

  /** The kernel knows executables by where they are, users by a link to them: both are meant. */
  private BinaryFilter bind(Hook.BinaryFilter filter, String path, List<String> problems) {
    var values = new HashSet<>(filter.values());
    filter.values().forEach(value -> values.add(resolved(value, filter.part())));
    var field = filter.parent() ? ".matchParentBinaries" : ".matchBinaries";
    for (var value : values) {
      if (value.getBytes(UTF_8).length > BINARY_BYTES) {
        problems.add(
            path + field + ": longer than " + BINARY_BYTES + " bytes on this node: " + value);
      }
    }
    return new BinaryFilter(
        filter.negated(),
        filter.parent() ? Owner.PARENT : Owner.SELF,
        TextPart.valueOf(filter.part().name()),
        values,
        filter.followChildren());
  }

  private String resolved(String value, Part part) {
    return switch (part) {
      case WHOLE -> host.resolveLinks(value);
      case PREFIX ->
          value.startsWith("/") && value.endsWith("/") && value.length() > 1
              ? host.resolveLinks(value.substring(0, value.length() - 1)) + "/"
              : value;
      case POSTFIX -> value;
    };
  }

  private static Matching bind(Hook.Matching matching) {
    return switch (matching) {
      case Hook.Matching.Untyped _ ->
          throw new IllegalArgumentException("what is yet to be found out");
      case Hook.Matching.OneOf(var numbers) -> new Matching.OneOf(numbers);
      case Hook.Matching.InRange(var ranges) -> new Matching.InRange(bind(ranges));
      case Hook.Matching.GreaterThan(var bound) -> new Matching.GreaterThan(bound);
      case Hook.Matching.LessThan(var bound) -> new Matching.LessThan(bound);
      case Hook.Matching.AnyBit(var bits) -> new Matching.AnyBit(bits);
      case Hook.Matching.TextOneOf(var texts) -> new Matching.TextOneOf(texts);
      case Hook.Matching.TextPrefix(var texts) -> new Matching.TextPrefix(texts);
      case Hook.Matching.TextPostfix(var texts) -> new Matching.TextPostfix(texts);
      case Hook.Matching.FileTypeOneOf(var types) ->
          new Matching.FileTypeOneOf(
              types.stream().map(FileType::mode).collect(Collectors.toSet()));
      case Hook.Matching.PropertyInRange(var property, var ranges) ->
          new Matching.PropertyInRange(NetworkProperty.valueOf(property.name()), bind(ranges));
      case Hook.Matching.InNetworks(var side, var networks) ->
          new Matching.InNetworks(
              side == Side.DESTINATION,
              networks.stream()
                  .map(n -> new Network(n.ipv6(), n.high(), n.low(), n.prefix()))
                  .collect(Collectors.toSet()));
    };
  }

  private static Set<Range> bind(Set<dev.skep.policy.ast.Matching.Range> ranges) {
    return ranges.stream().map(r -> new Range(r.low(), r.high())).collect(Collectors.toSet());
  }
}
