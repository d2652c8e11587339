package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.FILTER_PLAN;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.CapabilityChangeFilter;
import dev.skep.bpf.HookPlan.CapabilityFilter;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.NamespaceChangeFilter;
import dev.skep.bpf.HookPlan.NamespaceFilter;
import dev.skep.bpf.HookPlan.Network;
import dev.skep.bpf.HookPlan.NetworkProperty;
import dev.skep.bpf.HookPlan.Owner;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.ProcessFilter;
import dev.skep.bpf.HookPlan.Range;
import dev.skep.bpf.kernel.HookPlanCodec.Resources;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A filter as the kernel has it: struct filter_plan, but for whose it is. Pure. */
record FilterPlan(
    FilterOperator operator, boolean negated, int argument, int count, int set, List<Long> values) {
  private static final int FILE_TYPE_SHIFT = 12; // of a mode, the bits that say the file's type

  /** Equal plans make equal constants. */
  private static final Comparator<Range> RANGES =
      Comparator.comparingLong(Range::low).thenComparingLong(Range::high);

  static final FilterPlan ALWAYS = new FilterPlan(FilterOperator.ALWAYS, false, 0);

  FilterPlan {
    values = List.copyOf(values);
  }

  private FilterPlan(FilterOperator operator, boolean negated, int set) {
    this(operator, negated, 0, 0, set, List.of());
  }

  static FilterPlan of(ProcessFilter filter, Resources resources) throws BpfException {
    boolean negated = filter.negated();
    return switch (filter) {
      case PidFilter pids when pids.followForks() ->
          new FilterPlan(
              FilterOperator.FOLLOWED,
              negated,
              resources.followed(Followed.pids(pids.inNamespace(), pids.pids())));
      case PidFilter pids ->
          oneOf(
              pids.inNamespace() ? FilterOperator.NAMESPACE_PID : FilterOperator.PID,
              negated,
              0,
              unsigned(pids.pids()),
              resources);
      case BinaryFilter binaries when binaries.followChildren() ->
          new FilterPlan(
              FilterOperator.FOLLOWED,
              negated,
              resources.followed(Followed.binaries(binaries.part(), binaries.values())));
      case BinaryFilter(_, var whose, var part, var values, _) -> {
        int owner = whose == Owner.SELF ? Structs.BINARY_OWN : Structs.BINARY_OF_PARENT;
        yield switch (part) {
          case WHOLE ->
              text(
                  FilterOperator.BINARY_EQUAL,
                  negated,
                  owner,
                  new ValueSet.Texts(values),
                  resources);
          case PREFIX ->
              text(
                  FilterOperator.BINARY_PREFIX,
                  negated,
                  owner,
                  new ValueSet.Prefixes(values),
                  resources);
          case POSTFIX ->
              text(
                  FilterOperator.BINARY_POSTFIX,
                  negated,
                  owner,
                  new ValueSet.Postfixes(values),
                  resources);
        };
      }
      case NamespaceFilter(_, var namespace, var inodes) ->
          oneOf(FilterOperator.NAMESPACE, negated, namespace.code(), unsigned(inodes), resources);
      case NamespaceChangeFilter(_, var namespaces) -> {
        long mask = 0;
        for (var namespace : namespaces) {
          mask |= 1L << namespace.code();
        }
        yield new FilterPlan(FilterOperator.NAMESPACE_CHANGE, negated, 0, 0, 0, List.of(mask));
      }
      case CapabilityFilter(_, var set, long asked, int hostUser) ->
          capabilities(FilterOperator.CAPABILITY, negated, set.code(), asked, hostUser);
      case CapabilityChangeFilter(_, var set, long asked, int hostUser) ->
          capabilities(FilterOperator.CAPABILITY_CHANGE, negated, set.code(), asked, hostUser);
    };
  }

  private static FilterPlan capabilities(
      FilterOperator operator, boolean negated, int set, long asked, int hostUser) {
    return new FilterPlan(
        operator,
        negated,
        set,
        hostUser == 0 ? 0 : Structs.OUTSIDE_HOST,
        0,
        List.of(asked, Integer.toUnsignedLong(hostUser)));
  }

  /**
   * @param kind of the argument, which the filter knows by its position
   */
  static FilterPlan of(ArgumentFilter filter, ArgumentKind kind, Resources resources)
      throws BpfException {
    boolean negated = filter.negated();
    int argument = filter.argument();
    return switch (filter.matching()) {
      case Matching.OneOf(var numbers) ->
          oneOf(FilterOperator.EQUAL, negated, argument, widened(numbers, kind), resources);
      case Matching.InRange(var ranges) -> ranges(negated, argument, ranges, kind, resources);
      case Matching.GreaterThan(long bound) ->
          number(FilterOperator.GREATER, negated, argument, kind.of(bound));
      case Matching.LessThan(long bound) ->
          number(FilterOperator.LESS, negated, argument, kind.of(bound));
      case Matching.AnyBit(long bits) -> number(FilterOperator.MASK, negated, argument, bits);
      case Matching.TextOneOf(var texts) ->
          text(FilterOperator.TEXT_EQUAL, negated, argument, new ValueSet.Texts(texts), resources);
      case Matching.TextPrefix(var texts) ->
          text(
              FilterOperator.TEXT_PREFIX,
              negated,
              argument,
              new ValueSet.Prefixes(texts),
              resources);
      case Matching.TextPostfix(var texts) ->
          text(
              FilterOperator.TEXT_POSTFIX,
              negated,
              argument,
              new ValueSet.Postfixes(texts),
              resources);
      case Matching.FileTypeOneOf(var modes) -> {
        long types = 0;
        for (int mode : modes) {
          types |= 1L << (mode >> FILE_TYPE_SHIFT);
        }
        yield number(FilterOperator.FILE_TYPE, negated, argument, types);
      }
      case Matching.PropertyInRange(var property, var ranges) ->
          property(operator(property), negated, argument, ranges, resources);
      case Matching.InNetworks(var destination, var networks) ->
          networks(
              destination ? FilterOperator.DESTINATION_ADDRESS : FilterOperator.SOURCE_ADDRESS,
              negated,
              argument,
              networks,
              resources);
    };
  }

  private static FilterOperator operator(NetworkProperty property) {
    return switch (property) {
      case FAMILY -> FilterOperator.FAMILY;
      case PROTOCOL -> FilterOperator.PROTOCOL;
      case STATE -> FilterOperator.STATE;
      case SOURCE_PORT -> FilterOperator.SOURCE_PORT;
      case DESTINATION_PORT -> FilterOperator.DESTINATION_PORT;
    };
  }

  private static FilterPlan property(
      FilterOperator operator,
      boolean negated,
      int argument,
      Set<Range> ranges,
      Resources resources)
      throws BpfException {
    if (ranges.size() <= Structs.INLINE_VALUES) {
      var pairs =
          ranges.stream()
              .map(range -> range.high() << Integer.SIZE | range.low())
              .sorted()
              .toList();
      return new FilterPlan(operator, negated, argument, pairs.size(), 0, pairs);
    }
    int set = resources.set(new ValueSet.Ranges(NumberPrefix.of(ranges, false)));
    return new FilterPlan(operator, negated, argument, Structs.IN_SET, set, List.of());
  }

  private static FilterPlan networks(
      FilterOperator operator,
      boolean negated,
      int argument,
      Set<Network> networks,
      Resources resources)
      throws BpfException {
    if (networks.size() <= Structs.INLINE_VALUES && networks.stream().noneMatch(Network::ipv6)) {
      var pairs =
          networks.stream().map(n -> n.low() << Integer.SIZE | mask(n.prefix())).sorted().toList();
      return new FilterPlan(operator, negated, argument, pairs.size(), 0, pairs);
    }
    int set = resources.set(new ValueSet.Networks(networks));
    return new FilterPlan(operator, negated, argument, Structs.IN_SET, set, List.of());
  }

  /** Of an IPv4 address the first {@code prefix} bits. */
  private static long mask(int prefix) {
    return -1L << (Integer.SIZE - prefix) & 0xffff_ffffL;
  }

  private static FilterPlan oneOf(
      FilterOperator operator,
      boolean negated,
      int argument,
      Set<Long> numbers,
      Resources resources)
      throws BpfException {
    if (numbers.size() <= Structs.INLINE_VALUES) {
      var values = numbers.stream().sorted().toList();
      return new FilterPlan(operator, negated, argument, values.size(), 0, values);
    }
    int set = resources.set(new ValueSet.Numbers(numbers));
    return new FilterPlan(operator, negated, argument, Structs.IN_SET, set, List.of());
  }

  private static FilterPlan ranges(
      boolean negated,
      int argument,
      Collection<Range> ranges,
      ArgumentKind kind,
      Resources resources)
      throws BpfException {
    if (2 * ranges.size() <= Structs.INLINE_VALUES) {
      var bounds = new ArrayList<Long>();
      for (var range : ranges.stream().sorted(RANGES).toList()) {
        bounds.add(kind.of(range.low()));
        bounds.add(kind.of(range.high()));
      }
      return new FilterPlan(FilterOperator.RANGE, negated, argument, bounds.size(), 0, bounds);
    }
    var prefixes = NumberPrefix.of(ranges, kind.isSigned());
    int set = resources.set(new ValueSet.Ranges(prefixes));
    return new FilterPlan(FilterOperator.RANGE, negated, argument, Structs.IN_SET, set, List.of());
  }

  private static FilterPlan number(
      FilterOperator operator, boolean negated, int argument, long value) {
    return new FilterPlan(operator, negated, argument, 1, 0, List.of(value));
  }

  private static FilterPlan text(
      FilterOperator operator, boolean negated, int argument, ValueSet texts, Resources resources)
      throws BpfException {
    return new FilterPlan(operator, negated, argument, 0, resources.set(texts), List.of());
  }

  private static Set<Long> unsigned(Collection<Integer> numbers) {
    return numbers.stream().map(Integer::toUnsignedLong).collect(Collectors.toUnmodifiableSet());
  }

  /** As the program has the argument before it compares. */
  private static Set<Long> widened(Collection<Long> numbers, ArgumentKind kind) {
    return numbers.stream().map(kind::of).collect(Collectors.toUnmodifiableSet());
  }

  /**
   * @param at of FILTER_PLAN's size, all zeros
   * @param last whether the selector has no filter after this one
   */
  void write(MemorySegment at, int selector, boolean last) {
    put(at, "operator", operator.code());
    put(at, "negated", negated ? 1 : 0);
    put(at, "argument", argument);
    put(at, "count", count);
    put(at, "selector", selector);
    put(at, "last", last ? 1 : 0);
    at.set(JAVA_SHORT, offset(FILTER_PLAN, "set"), (short) set);
    for (int i = 0; i < values.size(); i++) {
      at.set(JAVA_LONG, offset(FILTER_PLAN, "values[" + i + "]"), values.get(i));
    }
  }

  private static void put(MemorySegment at, String member, int value) {
    at.set(JAVA_BYTE, offset(FILTER_PLAN, member), (byte) value);
  }

  /** What of a written filter says what it uses; its values are left out. */
  static FilterPlan read(MemorySegment at) {
    return new FilterPlan(
        FilterOperator.of(get(at, "operator")),
        get(at, "negated") != 0,
        get(at, "argument"),
        get(at, "count"),
        Short.toUnsignedInt(at.get(JAVA_SHORT, offset(FILTER_PLAN, "set"))),
        List.of());
  }

  private static int get(MemorySegment at, String member) {
    return Byte.toUnsignedInt(at.get(JAVA_BYTE, offset(FILTER_PLAN, member)));
  }
}
