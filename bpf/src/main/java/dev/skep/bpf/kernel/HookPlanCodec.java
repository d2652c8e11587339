package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.HOOK_PLAN;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A hook's plan as the constants of its program: struct hook_plan. Pure. */
final class HookPlanCodec {
  private static final byte IN_NUMBER_SET = (byte) 255;

  private static final int EQUAL = 1;
  private static final int GREATER = 2;
  private static final int LESS = 3;
  private static final int MASK = 4;
  private static final int TEXT_EQUAL = 5;
  private static final int TEXT_PREFIX = 6;
  private static final int TEXT_POSTFIX = 7;

  /** What a plan needs beside its constants: asked for once per filter that uses it. */
  interface Resources {
    int set(ValueSet values) throws BpfException;

    int followed(boolean inNamespace, Set<Integer> pids) throws BpfException;
  }

  /** Ids of value sets and followed bits, each as often as it is used. */
  record References(List<Integer> sets, List<Integer> followed) {
    References {
      sets = List.copyOf(sets);
      followed = List.copyOf(followed);
    }

    static final References NONE = new References(List.of(), List.of());
  }

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
    }
    for (int i = 0; i < hook.selectors().size(); i++) {
      var at = slice(plan, HOOK_PLAN, "selectors[" + i + "]", Structs.SELECTOR_PLAN);
      write(at, hook.selectors().get(i), hook, resources);
    }
  }

  private static void write(
      MemorySegment at, SelectorPlan selector, HookPlan hook, Resources resources)
      throws BpfException {
    atMost(selector.pids().size(), Structs.PID_FILTERS_MAX, "pid filters in a selector");
    atMost(selector.binaries().size(), Structs.BINARY_FILTERS_MAX, "binary filters in a selector");
    atMost(selector.filters().size(), Structs.FILTERS_MAX, "argument filters in a selector");
    put(at, Structs.SELECTOR_PLAN, "used", 1);
    put(at, Structs.SELECTOR_PLAN, "post", selector.post() ? 1 : 0);
    put(at, Structs.SELECTOR_PLAN, "signal", selector.signal());
    for (int i = 0; i < selector.pids().size(); i++) {
      var filter = slice(at, Structs.SELECTOR_PLAN, "pids[" + i + "]", Structs.PID_FILTER_PLAN);
      write(filter, selector.pids().get(i), resources);
    }
    for (int i = 0; i < selector.binaries().size(); i++) {
      var filter =
          slice(at, Structs.SELECTOR_PLAN, "binaries[" + i + "]", Structs.BINARY_FILTER_PLAN);
      write(filter, selector.binaries().get(i), resources);
    }
    for (int i = 0; i < selector.filters().size(); i++) {
      var filter = slice(at, Structs.SELECTOR_PLAN, "filters[" + i + "]", Structs.FILTER_PLAN);
      write(filter, selector.filters().get(i), hook, resources);
    }
  }

  private static void write(MemorySegment at, PidFilter filter, Resources resources)
      throws BpfException {
    put(at, Structs.PID_FILTER_PLAN, "used", 1);
    put(at, Structs.PID_FILTER_PLAN, "negated", filter.negated() ? 1 : 0);
    put(at, Structs.PID_FILTER_PLAN, "in_namespace", filter.inNamespace() ? 1 : 0);
    if (filter.followForks()) {
      long bit = 1L << resources.followed(filter.inNamespace(), filter.pids());
      at.set(JAVA_LONG, offset(Structs.PID_FILTER_PLAN, "followed"), bit);
      return;
    }
    atMost(filter.pids().size(), Structs.INLINE_VALUES, "pids in a filter without followForks");
    put(at, Structs.PID_FILTER_PLAN, "count", filter.pids().size());
    int i = 0;
    for (int pid : filter.pids()) {
      at.set(JAVA_INT, offset(Structs.PID_FILTER_PLAN, "values[" + i++ + "]"), pid);
    }
  }

  private static void write(MemorySegment at, BinaryFilter filter, Resources resources)
      throws BpfException {
    put(at, Structs.BINARY_FILTER_PLAN, "used", 1);
    put(at, Structs.BINARY_FILTER_PLAN, "negated", filter.negated() ? 1 : 0);
    at.set(
        JAVA_INT,
        offset(Structs.BINARY_FILTER_PLAN, "set"),
        resources.set(new ValueSet.Texts(filter.paths())));
  }

  private static void write(
      MemorySegment at, ArgumentFilter filter, HookPlan hook, Resources resources)
      throws BpfException {
    if (filter.argument() < 0 || filter.argument() >= hook.arguments().size()) {
      throw refused("a filter of argument " + filter.argument() + ", which the hook has not");
    }
    var kind = hook.arguments().get(filter.argument()).kind();
    put(at, Structs.FILTER_PLAN, "negated", filter.negated() ? 1 : 0);
    put(at, Structs.FILTER_PLAN, "argument", filter.argument());
    switch (filter.matching()) {
      case Matching.OneOf(var numbers) -> {
        put(at, Structs.FILTER_PLAN, "operator", EQUAL);
        var widened = numbers.stream().map(number -> widened(number, kind)).distinct().toList();
        if (widened.size() > Structs.INLINE_VALUES) {
          at.set(JAVA_BYTE, offset(Structs.FILTER_PLAN, "count"), IN_NUMBER_SET);
          set(at, resources.set(new ValueSet.Numbers(Set.copyOf(widened))));
        } else {
          put(at, Structs.FILTER_PLAN, "count", widened.size());
          for (int i = 0; i < widened.size(); i++) {
            value(at, i, widened.get(i));
          }
        }
      }
      case Matching.GreaterThan(var bound) -> number(at, GREATER, widened(bound, kind));
      case Matching.LessThan(var bound) -> number(at, LESS, widened(bound, kind));
      case Matching.AnyBit(var bits) -> number(at, MASK, bits);
      case Matching.TextOneOf(var texts) -> {
        put(at, Structs.FILTER_PLAN, "operator", TEXT_EQUAL);
        set(at, resources.set(new ValueSet.Texts(texts)));
      }
      case Matching.TextPrefix(var texts) -> {
        put(at, Structs.FILTER_PLAN, "operator", TEXT_PREFIX);
        set(at, resources.set(new ValueSet.Prefixes(texts)));
      }
      case Matching.TextPostfix(var texts) -> {
        put(at, Structs.FILTER_PLAN, "operator", TEXT_POSTFIX);
        set(at, resources.set(new ValueSet.Postfixes(texts)));
      }
    }
  }

  private static void number(MemorySegment at, int operator, long value) {
    put(at, Structs.FILTER_PLAN, "operator", operator);
    put(at, Structs.FILTER_PLAN, "count", 1);
    value(at, 0, value);
  }

  private static void value(MemorySegment at, int i, long value) {
    at.set(JAVA_LONG, offset(Structs.FILTER_PLAN, "values[" + i + "]"), value);
  }

  private static void set(MemorySegment at, int id) {
    at.set(JAVA_INT, offset(Structs.FILTER_PLAN, "set"), id);
  }

  /** As the program widens the argument before it compares. */
  private static long widened(long number, ArgumentKind kind) {
    return switch (kind) {
      case INT, FD -> (int) number;
      case UINT32 -> number & 0xffff_ffffL;
      case SIZE, LONG, STRING, CHAR_BUF -> number;
    };
  }

  /** What a plan that was written earlier uses. */
  static References references(MemorySegment plan) {
    var sets = new ArrayList<Integer>();
    var followed = new ArrayList<Integer>();
    for (int s = 0; s < Structs.SELECTORS_MAX; s++) {
      var selector = slice(plan, HOOK_PLAN, "selectors[" + s + "]", Structs.SELECTOR_PLAN);
      for (int i = 0; i < Structs.PID_FILTERS_MAX; i++) {
        var at = slice(selector, Structs.SELECTOR_PLAN, "pids[" + i + "]", Structs.PID_FILTER_PLAN);
        long bit = at.get(JAVA_LONG, offset(Structs.PID_FILTER_PLAN, "followed"));
        if (bit != 0) {
          followed.add(Long.numberOfTrailingZeros(bit));
        }
      }
      for (int i = 0; i < Structs.BINARY_FILTERS_MAX; i++) {
        var at =
            slice(
                selector, Structs.SELECTOR_PLAN, "binaries[" + i + "]", Structs.BINARY_FILTER_PLAN);
        if (at.get(JAVA_BYTE, offset(Structs.BINARY_FILTER_PLAN, "used")) != 0) {
          sets.add(at.get(JAVA_INT, offset(Structs.BINARY_FILTER_PLAN, "set")));
        }
      }
      for (int i = 0; i < Structs.FILTERS_MAX; i++) {
        var at = slice(selector, Structs.SELECTOR_PLAN, "filters[" + i + "]", Structs.FILTER_PLAN);
        int operator = at.get(JAVA_BYTE, offset(Structs.FILTER_PLAN, "operator"));
        byte count = at.get(JAVA_BYTE, offset(Structs.FILTER_PLAN, "count"));
        if (operator >= TEXT_EQUAL || (operator == EQUAL && count == IN_NUMBER_SET)) {
          sets.add(at.get(JAVA_INT, offset(Structs.FILTER_PLAN, "set")));
        }
      }
    }
    return new References(sets, followed);
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
