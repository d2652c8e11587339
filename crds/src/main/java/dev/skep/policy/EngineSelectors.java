package dev.skep.policy;

import dev.skep.policy.ast.Action;
import dev.skep.policy.ast.Action.RateLimit;
import dev.skep.policy.ast.Call;
import dev.skep.policy.ast.Matching;
import dev.skep.policy.ast.Selector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What of a selector this version's engine can carry out.
 *
 * @param call that is hooked; null: it is a tracepoint
 * @param positions of the arguments that it can read: in the policy, and among each other
 */
record EngineSelectors(Problems problems, @Nullable Call call, Map<Integer, Integer> positions) {
  private static final int BINARY_BYTES = 255;
  private static final int ERRNO_MAX = 4095;
  private static final int LAST_PRIVILEGED_PORT = 1023;

  /** The functions that kernels let a program override. */
  private static final String OVERRIDABLE = "security_";

  Hook.Selector of(Selector selector) {
    var path = selector.path();
    var action = action(selector.actions());
    var atReturn =
        selector.returned().isEmpty() && selector.returnActions().isEmpty()
            ? null
            : atReturn(selector);
    if (atReturn != null && action.limit() != null) {
      problems.unsupported(
          path + ".matchActions", "a rateLimit of calls that are decided when they return");
      atReturn = null;
    } else if (atReturn != null && action.enforces() && !action.post()) {
      problems.unsupported(
          path + ".matchActions", "NoPost and more for the return of a call; delete NoPost");
    }
    return new Hook.Selector(
        selector.label(),
        processFilters(selector),
        selector.arguments().stream().flatMap(filter -> filter(filter).stream()).toList(),
        action,
        atReturn);
  }

  private Hook.AtReturn atReturn(Selector selector) {
    var filters =
        selector.returned().stream()
            .flatMap(filter ->
                matching(filter.path(), filter.matching()).stream()
                    .map(matching -> new Hook.ReturnFilter(filter.negated(), matching)))
            .toList();
    var action = action(selector.returnActions());
    if (action.limit() != null) {
      problems.unsupported(
          selector.path() + ".matchReturnActions", "a rateLimit when the call returns");
    }
    return new Hook.AtReturn(filters, action.post(), action.signal());
  }

  private List<Hook.ProcessFilter> processFilters(Selector selector) {
    var filters = new ArrayList<Hook.ProcessFilter>();
    for (var f : selector.pids()) {
      filters.add(new Hook.PidFilter(f.negated(), f.inNamespace(), f.followForks(), f.pids()));
    }
    for (var f : selector.namespaces()) {
      filters.add(new Hook.NamespaceFilter(f.negated(), f.namespace(), f.host(), f.inodes()));
    }
    for (var f : selector.namespaceChanges()) {
      filters.add(new Hook.NamespaceChangeFilter(f.negated(), f.namespaces()));
    }
    for (var f : selector.capabilities()) {
      filters.add(
          new Hook.CapabilityFilter(f.negated(), f.set(), f.outsideHost(), f.capabilities()));
    }
    for (var f : selector.capabilityChanges()) {
      filters.add(
          new Hook.CapabilityChangeFilter(f.negated(), f.set(), f.outsideHost(), f.capabilities()));
    }
    selector.binaries().forEach(f -> binaries(f, false).ifPresent(filters::add));
    selector.parentBinaries().forEach(f -> binaries(f, true).ifPresent(filters::add));
    return filters;
  }

  private Optional<Hook.BinaryFilter> binaries(Selector.BinaryFilter filter, boolean parent) {
    var path = filter.path();
    if (parent && filter.followChildren()) {
      problems.unsupported(
          path + ".followChildren",
          "descendants of what a parent ran; matchBinaries with followChildren may be meant");
      return Optional.empty();
    }
    for (int i = 0; i < filter.values().size(); i++) {
      if (filter.values().get(i).getBytes(StandardCharsets.UTF_8).length > BINARY_BYTES) {
        problems.unsupported(
            Path.item(path + ".values", i), "paths of more than " + BINARY_BYTES + " bytes");
        return Optional.empty();
      }
    }
    return Optional.of(
        new Hook.BinaryFilter(
            filter.negated(),
            parent,
            filter.part(),
            new HashSet<>(filter.values()),
            filter.followChildren()));
  }

  private Optional<Hook.ArgumentFilter> filter(Selector.ArgumentFilter filter) {
    var position = positions.get(filter.argument());
    return position == null
        ? Optional.empty() // its argument was refused
        : matching(filter.path(), filter.matching())
            .map(m -> new Hook.ArgumentFilter(position, filter.negated(), m));
  }

  Optional<Hook.Matching> matching(String path, Matching matching) {
    return switch (matching) {
      case Matching.Numbers numbers when numbers.areSingle() ->
          Optional.of(
              new Hook.Matching.OneOf(
                  numbers.ranges().stream().map(Matching.Range::low).collect(Collectors.toSet())));
      case Matching.Numbers(var ranges) ->
          Optional.of(new Hook.Matching.InRange(new HashSet<>(ranges)));
      case Matching.GreaterThan(var bound) -> Optional.of(new Hook.Matching.GreaterThan(bound));
      case Matching.LessThan(var bound) -> Optional.of(new Hook.Matching.LessThan(bound));
      case Matching.Mask(var bits) -> Optional.of(new Hook.Matching.AnyBit(bits));
      case Matching.Texts texts -> texts(path, texts);
      case Matching.FileTypes(var types) -> Optional.of(new Hook.Matching.FileTypeOneOf(types));
      case Matching.Addresses(var side, var networks) ->
          Optional.of(new Hook.Matching.InNetworks(side, new HashSet<>(networks)));
      case Matching.Ports(var side, var ports) -> property(port(side), ports);
      case Matching.PrivilegedPort(var side) ->
          property(port(side), List.of(new Matching.Range(1, LAST_PRIVILEGED_PORT)));
      case Matching.Protocols(var protocols) -> property(Hook.Property.PROTOCOL, protocols);
      case Matching.Families(var families) -> property(Hook.Property.FAMILY, families);
      case Matching.States(var states) -> property(Hook.Property.STATE, states);
      case Matching.CapabilitiesGained _ -> beyond(path, "capabilities that are gained");
      case Matching.Untyped(var operator, var values) ->
          Optional.of(new Hook.Matching.Untyped(operator, values));
    };
  }

  private static Hook.Property port(Matching.Side side) {
    return switch (side) {
      case SOURCE -> Hook.Property.SOURCE_PORT;
      case DESTINATION -> Hook.Property.DESTINATION_PORT;
    };
  }

  private static Optional<Hook.Matching> property(
      Hook.Property property, List<Matching.Range> ranges) {
    return Optional.of(new Hook.Matching.PropertyInRange(property, new HashSet<>(ranges)));
  }

  private Optional<Hook.Matching> texts(String path, Matching.Texts texts) {
    for (int i = 0; i < texts.texts().size(); i++) {
      if (texts.texts().get(i).isEmpty()) {
        problems.unsupported(Path.item(path + ".values", i), "an empty text");
        return Optional.empty();
      }
    }
    var set = new HashSet<>(texts.texts());
    return switch (texts.part()) {
      case WHOLE -> Optional.of(new Hook.Matching.TextOneOf(set));
      case PREFIX -> Optional.of(new Hook.Matching.TextPrefix(set));
      case POSTFIX -> Optional.of(new Hook.Matching.TextPostfix(set));
      case SUB_STRING, SUB_STRING_IGN_CASE ->
          beyond(path, "parts of texts; whole texts, prefixes and postfixes can be compared");
    };
  }

  private Optional<Hook.Matching> beyond(String path, String what) {
    problems.unsupported(path + ".operator", what);
    return Optional.empty();
  }

  /** A list of actions is together one. Every action but NoPost tells, as Tetragon's does. */
  private Hook.Action action(List<Action> actions) {
    boolean post = true;
    int signal = 0;
    @Nullable RateLimit limit = null;
    int error = 0;
    for (var action : actions) {
      switch (action) {
        case Action.Post told -> {
          refuseOptions(told);
          if (limit != null && told.rateLimit() != null && !limit.equals(told.rateLimit())) {
            problems.unsupported(
                told.path() + ".rateLimit", "two limits of one selector; keep one");
          }
          limit = told.rateLimit() == null ? limit : told.rateLimit();
        }
        case Action.NoPost _ -> post = false;
        case Action.Signal(var path, var number) -> {
          if (signal != 0 && signal != number) {
            problems.unsupported(path + ".action", "two signals of one selector; keep one");
          }
          signal = number;
        }
        case Action.OverrideReturn(var path, var returned) -> error = error(path, returned);
        case Action.NotifyEnforcer _ -> beyond(action, "NotifyEnforcer");
        case Action.CleanupEnforcerNotification _ -> beyond(action, "CleanupEnforcerNotification");
        case Action.TrackSock _ -> beyond(action, "TrackSock");
        case Action.UntrackSock _ -> beyond(action, "UntrackSock");
        case Action.GetUrl _ -> beyond(action, "GetUrl");
        case Action.DnsLookup _ -> beyond(action, "DnsLookup");
      }
    }
    return new Hook.Action(post, signal, limit, error);
  }

  private int error(String path, int error) {
    if (call instanceof Call.Function(var symbol) && !symbol.startsWith(OVERRIDABLE)) {
      problems.unsupported(
          path + ".action",
          "Override of a function that is no system call and none of "
              + OVERRIDABLE
              + "...; hook the one by which the kernel asks whether the call is allowed");
    } else if (error == 0 || Math.abs(error) > ERRNO_MAX) {
      problems.invalid(
          path + ".argError",
          "is %d, must be -%2$d to %2$d and not 0, such as -1 for EPERM"
              .formatted(error, ERRNO_MAX));
    }
    return error;
  }

  private void refuseOptions(Action.Post post) {
    var path = post.path();
    if (post.kernelStackTrace()) {
      problems.unsupported(path + ".kernelStackTrace", "stack traces; delete it");
    }
    if (post.userStackTrace()) {
      problems.unsupported(path + ".userStackTrace", "stack traces; delete it");
    }
    if (post.imaHash()) {
      problems.unsupported(path + ".imaHash", "digests of files; delete it");
    }
  }

  private void beyond(Action action, String name) {
    problems.unsupported(
        action.path() + ".action",
        "the action " + name + "; Post, NoPost, Sigkill, Signal and Override can be carried out");
  }
}
