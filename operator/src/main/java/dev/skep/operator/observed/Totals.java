package dev.skep.operator.observed;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.skep.crds.v1alpha1.HookEvents;
import dev.skep.crds.v1alpha1.NodeStateStatus.PolicyState;
import dev.skep.crds.v1alpha1.ProcessEvents;
import dev.skep.crds.v1alpha1.ViolationTotals;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Counters of one policy, on one node or on many. Never negative and never overflowing, whatever a
 * node says.
 *
 * @param events by hook
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Totals(
    SortedMap<String, Long> events, ProcessEvents processEvents, ViolationTotals violations) {
  public static final Totals NONE =
      new Totals(new TreeMap<>(), ProcessEvents.NONE, ViolationTotals.NONE);

  public Totals(
      @Nullable SortedMap<String, Long> events,
      @Nullable ProcessEvents processEvents,
      @Nullable ViolationTotals violations) {
    this.events =
        events == null ? new TreeMap<>() : Collections.unmodifiableSortedMap(new TreeMap<>(events));
    this.processEvents = processEvents == null ? ProcessEvents.NONE : processEvents;
    this.violations = violations == null ? ViolationTotals.NONE : violations;
  }

  /** What a node says; null if it says nothing about counters. */
  static @Nullable Totals saidBy(PolicyState state) {
    if (state.events().isEmpty() && state.processEvents() == null && state.violations() == null) {
      return null;
    }
    return of(state.events(), state.processEvents(), state.violations());
  }

  public static Totals of(
      List<HookEvents> hooks,
      @Nullable ProcessEvents processEvents,
      @Nullable ViolationTotals violations) {
    var events = new TreeMap<String, Long>();
    for (var hook : hooks) {
      if (hook.hook() != null) {
        events.merge(hook.hook(), hook.count(), Totals::add);
      }
    }
    // Adding nothing clears what is negative.
    return new Totals(events, processEvents, violations).combine(NONE, Totals::add);
  }

  public static Totals sum(Collection<Totals> parts) {
    var events = new TreeMap<String, Long>();
    var processEvents = ProcessEvents.NONE;
    var violations = ViolationTotals.NONE;
    for (var part : parts) {
      part.events.forEach((hook, count) -> events.merge(hook, count, Totals::add));
      processEvents = combine(processEvents, part.processEvents, Totals::add);
      violations = combine(violations, part.violations, Totals::add);
    }
    return new Totals(events, processEvents, violations);
  }

  /**
   * What a sum would lose if it counted {@code now} in place of this: a counter that fell, or went,
   * has started again from zero.
   */
  Totals lostTo(Totals now) {
    return combine(now, (was, is) -> is < was ? was : 0);
  }

  /** By how much {@code now} falls short of this, counter by counter. */
  Totals missingIn(Totals now) {
    return combine(now, (was, is) -> Math.max(0, was - is));
  }

  public boolean nothing() {
    return events.values().stream().allMatch(count -> count == 0)
        && processEvents.equals(ProcessEvents.NONE)
        && violations.equals(ViolationTotals.NONE);
  }

  private Totals combine(Totals other, LongBinaryOperator how) {
    var combined = new TreeMap<String, Long>();
    events.forEach((hook, count) ->
        combined.put(hook, how.applyAsLong(count, other.events.getOrDefault(hook, 0L))));
    other.events.forEach(
        (hook, count) -> combined.computeIfAbsent(hook, _ -> how.applyAsLong(0, count)));
    combined.values().removeIf(count -> count == 0);
    return new Totals(
        combined,
        combine(processEvents, other.processEvents, how),
        combine(violations, other.violations, how));
  }

  private static ProcessEvents combine(ProcessEvents a, ProcessEvents b, LongBinaryOperator how) {
    return new ProcessEvents(
        how.applyAsLong(a.exec(), b.exec()),
        how.applyAsLong(a.exit(), b.exit()),
        how.applyAsLong(a.fork(), b.fork()));
  }

  private static ViolationTotals combine(
      ViolationTotals a, ViolationTotals b, LongBinaryOperator how) {
    return new ViolationTotals(
        how.applyAsLong(a.total(), b.total()),
        how.applyAsLong(a.enforced(), b.enforced()),
        how.applyAsLong(a.monitored(), b.monitored()));
  }

  private static long add(long a, long b) {
    long sum = Math.max(a, 0) + Math.max(b, 0);
    return sum < 0 ? Long.MAX_VALUE : sum;
  }
}
