package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.HOOK_PLAN;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** A hook's plan as the constants of its program: struct hook_plan. Pure. */
final class HookPlanCodec {
  /** What a plan needs beside its constants: asked for once per filter that uses it. */
  interface Resources {
    int set(ValueSet values) throws BpfException;

    int followed(Set<Followed> members) throws BpfException;

    /** Nobody can guess it. */
    long secret();
  }

  /** Ids of value sets and followed bits, each as often as it is used. */
  record References(List<Integer> sets, List<Integer> followed) {
    References {
      sets = List.copyOf(sets);
      followed = List.copyOf(followed);
    }

    static final References NONE = new References(List.of(), List.of());
  }

  /** What a hook without selectors does. */
  private static final SelectorPlan ALL = new SelectorPlan(List.of(), List.of(), true, 0);

  private HookPlanCodec() {}

  static int slot(MemorySegment plan) {
    return plan.get(JAVA_INT, offset(HOOK_PLAN, "slot"));
  }

  static int version(MemorySegment plan) {
    return plan.get(JAVA_INT, offset(HOOK_PLAN, "version"));
  }

  /**
   * @param plan of HOOK_PLAN's size, all zeros
   * @throws BpfException naming what has no room in it
   */
  static void write(MemorySegment plan, HookPlan hook, int slot, int version, Resources resources)
      throws BpfException {
    atMost(hook.arguments().size(), Structs.ARGUMENTS_MAX, "arguments");
    atMost(hook.selectors().size(), Structs.SELECTORS_MAX, "selectors");
    plan.set(JAVA_INT, offset(HOOK_PLAN, "slot"), slot);
    plan.set(JAVA_INT, offset(HOOK_PLAN, "version"), version);
    put(plan, HOOK_PLAN, "wants_return", hook.wantsReturn() ? 1 : 0);
    for (int i = 0; i < hook.arguments().size(); i++) {
      var argument = hook.arguments().get(i);
      var at = slice(plan, HOOK_PLAN, "arguments[" + i + "]", Structs.ARGUMENT_PLAN);
      put(at, Structs.ARGUMENT_PLAN, "kind", argument.kind().code());
      put(at, Structs.ARGUMENT_PLAN, "index", argument.index());
      put(at, Structs.ARGUMENT_PLAN, "size_index", argument.sizeIndex());
      var field = argument.field();
      if (field != null) {
        put(at, Structs.ARGUMENT_PLAN, "bytes", field.bytes());
        at.set(JAVA_SHORT, offset(Structs.ARGUMENT_PLAN, "offset"), (short) field.offset());
        at.set(JAVA_SHORT, offset(Structs.ARGUMENT_PLAN, "length"), (short) field.length());
        put(at, Structs.ARGUMENT_PLAN, "length_bytes", field.lengthBytes());
      }
    }
    if (hook.selectors().isEmpty()) {
      writeActions(plan, 0, ALL, resources);
    }
    int filters = 0;
    for (int i = 0; i < hook.selectors().size(); i++) {
      var selector = hook.selectors().get(i);
      writeActions(plan, i, selector, resources);
      var its = filters(selector, hook, resources);
      atMost(filters + its.size(), Structs.FILTERS_MAX, "filters in all selectors of a hook");
      if (its.stream().anyMatch(filter -> filter.operator().isOfNetwork())) {
        put(plan, HOOK_PLAN, "networks", 1);
      }
      for (int j = 0; j < its.size(); j++) {
        its.get(j).write(filterAt(plan, filters++), i, j == its.size() - 1);
      }
    }
  }

  private static void writeActions(
      MemorySegment plan, int index, SelectorPlan selector, Resources resources) {
    var at = slice(plan, HOOK_PLAN, "selectors[" + index + "]", Structs.SELECTOR_PLAN);
    put(at, Structs.SELECTOR_PLAN, "post", selector.post() ? 1 : 0);
    put(at, Structs.SELECTOR_PLAN, "signal", selector.signal());
    writeReturn(plan, at, index, selector);
    at.set(JAVA_INT, offset(Structs.SELECTOR_PLAN, "error"), selector.error());
    if (selector.error() != 0) {
      put(plan, HOOK_PLAN, "overrides", 1);
    }
    if (selector.signal() != 0) {
      put(plan, HOOK_PLAN, "signals", 1);
    }
    var limit = selector.limit();
    if (limit != null) {
      put(at, Structs.SELECTOR_PLAN, "limit_scope", limit.scope().code());
      at.set(JAVA_INT, offset(Structs.SELECTOR_PLAN, "limit_seconds"), (int) limit.seconds());
      put(plan, HOOK_PLAN, "limits", 1);
      plan.set(JAVA_LONG, offset(HOOK_PLAN, "limit_key[0]"), resources.secret());
      plan.set(JAVA_LONG, offset(HOOK_PLAN, "limit_key[1]"), resources.secret());
    }
  }

  private static void writeReturn(
      MemorySegment plan, MemorySegment at, int index, SelectorPlan selector) {
    var atReturn = selector.atReturn();
    if (selector.post() && (atReturn == null || atReturn.post())) {
      set(plan, "telling", index);
    }
    if (atReturn != null) {
      set(plan, "asking", index);
      put(plan, HOOK_PLAN, "return_kind", atReturn.kind().code());
      put(at, Structs.SELECTOR_PLAN, "return_signal", atReturn.signal());
      if (atReturn.signal() != 0) {
        put(plan, HOOK_PLAN, "return_signals", 1);
      }
    }
  }

  /** A bit of a mask of selectors. */
  private static void set(MemorySegment plan, String mask, int bit) {
    long at = offset(HOOK_PLAN, mask);
    plan.set(JAVA_SHORT, at, (short) (plan.get(JAVA_SHORT, at) | 1 << bit));
  }

  /** Those of one selector, from cheap to dear; at least one. */
  static List<FilterPlan> filters(SelectorPlan selector, HookPlan hook, Resources resources)
      throws BpfException {
    var filters = new ArrayList<FilterPlan>();
    for (var filter : selector.process()) {
      filters.add(FilterPlan.of(filter, resources));
    }
    for (var filter : selector.arguments()) {
      if (filter.argument() < 0 || filter.argument() >= hook.arguments().size()) {
        throw refused("a filter of argument " + filter.argument() + ", which the hook has not");
      }
      var kind = hook.arguments().get(filter.argument()).kind();
      filters.add(FilterPlan.of(filter, kind, resources));
    }
    var atReturn = selector.atReturn();
    if (atReturn != null) {
      for (var filter : atReturn.filters()) {
        var its = new ArgumentFilter(Structs.OF_RETURN, filter.negated(), filter.matching());
        filters.add(FilterPlan.of(its, atReturn.kind(), resources));
      }
    }
    if (filters.isEmpty()) {
      filters.add(FilterPlan.ALWAYS);
    }
    filters.sort(Comparator.comparing(FilterPlan::operator));
    return filters;
  }

  /** What a plan that was written earlier uses. */
  static References references(MemorySegment plan) {
    var sets = new ArrayList<Integer>();
    var followed = new ArrayList<Integer>();
    for (int i = 0; i < Structs.FILTERS_MAX; i++) {
      var filter = FilterPlan.read(filterAt(plan, i));
      if (filter.operator() == FilterOperator.NONE) {
        break;
      }
      if (filter.operator() == FilterOperator.FOLLOWED) {
        followed.add(filter.set());
      } else if (filter.operator().usesSet(filter.count())) {
        sets.add(filter.set());
      }
    }
    return new References(sets, followed);
  }

  private static MemorySegment filterAt(MemorySegment plan, int i) {
    return slice(plan, HOOK_PLAN, "filters[" + i + "]", Structs.FILTER_PLAN);
  }

  private static void put(MemorySegment at, StructLayout struct, String member, int value) {
    at.set(JAVA_BYTE, offset(struct, member), (byte) value);
  }

  private static MemorySegment slice(
      MemorySegment at, StructLayout struct, String member, StructLayout of) {
    return at.asSlice(offset(struct, member), of.byteSize());
  }

  private static void atMost(int count, int most, String what) throws BpfException {
    if (count > most) {
      throw refused(count + " " + what + ", at most " + most + " are supported");
    }
  }

  private static BpfException refused(String what) {
    return new BpfException("apply", 0, what);
  }
}
