package dev.skep.operator.status;

import dev.skep.crds.v1alpha1.HookEvents;
import dev.skep.crds.v1alpha1.TracingPolicyStatus;
import dev.skep.crds.v1alpha1.TracingPolicyStatus.Events;
import dev.skep.operator.observed.PolicyView;
import dev.skep.operator.observed.Sighting;
import dev.skep.operator.observed.Totals;
import dev.skep.policy.Hook;
import dev.skep.policy.Policy;
import dev.skep.policy.Reading;
import dev.skep.policy.Warning;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What became of a policy: a pure function of what is known of it. */
public final class PolicyStatus {
  private static final int RECENT_VIOLATIONS = 20;
  private static final int WARNINGS = 10;
  private static final int WARNING_TEXT = 512;
  private static final TracingPolicyStatus UNKNOWN =
      new TracingPolicyStatus(
          null, null, List.of(), List.of(), null, List.of(), null, null, null, null, List.of(),
          null);

  private PolicyStatus() {}

  /**
   * @param previous as it was last written; null if never. Times of transition, older violations
   *     and the time of the counters are carried on from it, so that nothing changes when nothing
   *     happened.
   */
  public static TracingPolicyStatus of(
      long generation,
      Reading reading,
      PolicyView view,
      @Nullable TracingPolicyStatus previous,
      Instant now) {
    var old = previous == null ? UNKNOWN : previous;
    var conditions = new Conditions(generation, old.conditions(), now);
    var status =
        switch (reading) {
          case Reading.Accepted(var policy, var warnings) -> {
            var census = Census.of(policy, view);
            yield new TracingPolicyStatus(
                generation,
                policy.mode().text(),
                conditions.ofAccepted(policy, warnings.size(), census),
                warnings(warnings),
                census.nodes(),
                census.issues(),
                view.totals().processEvents(),
                events(hooksOf(policy), view.totals()),
                view.totals().violations(),
                null,
                List.of(),
                null);
          }
          case Reading.Refused refused ->
              new TracingPolicyStatus(
                  generation,
                  null,
                  conditions.ofRefused(refused),
                  List.of(),
                  null,
                  List.of(),
                  view.totals().processEvents(),
                  events(Set.of(), view.totals()),
                  view.totals().violations(),
                  null,
                  List.of(),
                  null);
        };
    return Size.bounded(withTimes(status, view, old, now));
  }

  /** The counters that a status tells. */
  public static Totals totalsIn(@Nullable TracingPolicyStatus status) {
    if (status == null) {
      return Totals.NONE;
    }
    var events = status.events();
    return Totals.of(
        events == null ? List.of() : events.hooks(), status.processEvents(), status.violations());
  }

  private static List<TracingPolicyStatus.Warning> warnings(List<Warning> warnings) {
    return warnings.stream()
        .limit(WARNINGS)
        .map(warning ->
            new TracingPolicyStatus.Warning(
                warning.path(), Texts.head(warning.message(), WARNING_TEXT)))
        .toList();
  }

  private static Set<String> hooksOf(Policy policy) {
    var calls = new LinkedHashSet<String>();
    policy.hooks().stream().map(Hook::call).forEach(calls::add);
    return calls;
  }

  /** Those of the policy first, in its order; then those that earlier generations had. */
  private static Events events(Set<String> hooks, Totals totals) {
    var all = new LinkedHashSet<>(hooks);
    all.addAll(totals.events().keySet());
    var counts =
        all.stream()
            .map(hook -> new HookEvents(hook, totals.events().getOrDefault(hook, 0L)))
            .toList();
    long total = 0;
    for (var hook : counts) {
      total += hook.count();
    }
    return new Events(total < 0 ? Long.MAX_VALUE : total, counts);
  }

  private static TracingPolicyStatus withTimes(
      TracingPolicyStatus status, PolicyView view, TracingPolicyStatus old, Instant now) {
    var sightings =
        Stream.concat(
                old.recentViolations().stream()
                    .map(violation -> Sighting.on(violation.node(), violation))
                    .flatMap(Optional::stream),
                view.reports().values().stream().flatMap(report -> report.violations().stream()))
            .distinct()
            .sorted(Sighting.NEWEST_FIRST)
            .limit(RECENT_VIOLATIONS)
            .map(Sighting::violation)
            .toList();
    var newest = sightings.isEmpty() ? null : sightings.getFirst().time();
    boolean sameCounters =
        Objects.equals(status.events(), old.events())
            && Objects.equals(status.processEvents(), old.processEvents())
            && Objects.equals(status.violations(), old.violations());
    return new TracingPolicyStatus(
        status.observedGeneration(),
        status.mode(),
        status.conditions(),
        status.warnings(),
        status.nodes(),
        status.issues(),
        status.processEvents(),
        status.events(),
        status.violations(),
        newest == null ? old.lastViolationTime() : newest,
        sightings,
        sameCounters && old.countersAsOf() != null
            ? old.countersAsOf()
            : now.truncatedTo(ChronoUnit.SECONDS).toString());
  }

  static TracingPolicyStatus showing(TracingPolicyStatus status, int violations, int issues) {
    return new TracingPolicyStatus(
        status.observedGeneration(),
        status.mode(),
        status.conditions(),
        status.warnings(),
        status.nodes(),
        status.issues().subList(0, issues),
        status.processEvents(),
        status.events(),
        status.violations(),
        status.lastViolationTime(),
        status.recentViolations().subList(0, violations),
        status.countersAsOf());
  }
}
