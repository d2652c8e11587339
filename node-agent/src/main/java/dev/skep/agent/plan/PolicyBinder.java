package dev.skep.agent.plan;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import dev.skep.bpf.PolicyPlan;
import dev.skep.policy.Hook;
import dev.skep.policy.LabelSelector;
import dev.skep.policy.Policy;
import dev.skep.policy.Scope;
import dev.skep.policy.ast.Action;
import dev.skep.policy.ast.Capability;
import dev.skep.policy.ast.FileType;
import dev.skep.policy.ast.Matching.Side;
import dev.skep.policy.ast.Selector;
import dev.skep.policy.ast.Selector.BinaryFilter.Part;
import dev.skep.policy.ast.Selector.Namespace;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
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
    return hook.place() instanceof Hook.Place.Function(var symbol, boolean optional)
        && optional
        && host.function(symbol) instanceof KernelFunction.Missing;
  }

  private HookPlan bind(Hook hook, List<String> problems) {
    var place =
        switch (hook.place()) {
          case Hook.Place.Syscall(var name) -> syscall(name, hook, problems);
          case Hook.Place.Function(var symbol, _) -> {
            problems.addAll(FunctionFit.problems(hook, symbol, host.function(symbol)));
            yield LsmFit.instead(hook, symbol, host).orElse(new Place.Function(symbol));
          }
          case Hook.Place.LsmHook(var name) -> {
            problems.addAll(LsmFit.problems(hook, name, host));
            yield new Place.LsmHook(name);
          }
        };
    var selectors = new ArrayList<SelectorPlan>();
    for (int i = 0; i < hook.selectors().size(); i++) {
      var selector = hook.selectors().get(i);
      var path = hook.path() + ".selectors[" + i + "]";
      selectors.add(bind(selector, path, hook.returned(), problems));
    }
    return new HookPlan(
        hook.index(),
        place,
        hook.returned() != null,
        hook.arguments().stream().map(argument -> bind(argument, hook.place())).toList(),
        selectors);
  }

  private Place syscall(String name, Hook hook, List<String> problems) {
    var number = host.syscallNumber(name);
    if (number.isEmpty()) {
      problems.add(
          hook.path()
              + ".call: no system call "
              + name
              + " is known for "
              + host.architecture()
              + "; keep the policy off such nodes with nodeSelector kubernetes.io/arch");
      return new Place.Syscalls(Set.of());
    }
    int call = number.getAsInt();
    if (hook.selectors().stream().noneMatch(selector -> selector.action().error() != 0)) {
      return new Place.Syscalls(Set.of(call));
    }
    var function = host.overridable(name);
    if (function.isEmpty()) {
      problems.add(
          hook.path()
              + ".selectors: the action Override, but this node's kernel lets nobody replace what a"
              + " system call returns; hook the function security_..., or the LSM hook, by which it"
              + " asks whether the call is allowed");
      return new Place.Syscalls(Set.of(call));
    }
    return new Place.Syscalls(Set.of(call), Map.of(call, function.get()));
  }

  private ArgumentPlan bind(Hook.Argument argument, Hook.Place place) {
    int size =
        switch (place) {
          case Hook.Place.Syscall _ -> 0;
          case Hook.Place.Function(var symbol, _) ->
              FunctionFit.lengthOf(argument, host.function(symbol));
          case Hook.Place.LsmHook(var name) ->
              FunctionFit.lengthOf(argument, LsmFit.function(name, host));
        };
    return new ArgumentPlan(kind(argument), argument.index(), argument.sizeIndex().orElse(size));
  }

  private static ArgumentKind kind(Hook.Argument argument) {
    return switch (argument.type()) {
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
            kind(returned),
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
