package dev.skep.operator.events;

import dev.skep.crds.v1alpha1.Violation;
import dev.skep.operator.observed.NodeReport;
import dev.skep.operator.observed.Sighting;
import dev.skep.operator.plan.Recent;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What is still to be told, by subject. Nodes repeat their newest violations in each report, and
 * after a start nobody here knows what was told: the Event itself has the answer. Any thread.
 */
final class ViolationBook {
  /** Between two writes of one Event. */
  static final Duration PAUSE = Duration.ofSeconds(10);

  /** API servers keep an Event for an hour: so old a violation may have been told and forgotten. */
  static final Duration TOO_OLD = Duration.ofMinutes(30);

  /** Of one subject; more than nodes report in a pause. */
  static final int KEPT = 128;

  private static final int REMEMBERED = 8;

  private final int capacity;

  /** In the order of their turns. */
  private final Map<Subject, Waiting> waiting = new LinkedHashMap<>();

  private final Recent<Subject, Told> told;
  private long forgotten;

  /**
   * @param capacity how many subjects may wait; what was told is remembered of more
   */
  ViolationBook(int capacity) {
    this.capacity = capacity;
    told = new Recent<>(REMEMBERED * capacity);
  }

  /** At least one time, and the violation at the last. */
  private static final class Waiting {
    final TreeSet<Instant> times = new TreeSet<>();
    Violation example;

    Waiting(Violation example) {
      this.example = example;
    }
  }

  private record Told(Instant until, Instant notBefore) {
    static final Told NOTHING = new Told(Instant.MIN, Instant.MIN);

    /** A clock that was set back must not stop anything. */
    boolean allowsMore(Instant now) {
      return !notBefore.isAfter(now) || notBefore.isAfter(now.plus(PAUSE));
    }
  }

  /**
   * What is to be told of one subject.
   *
   * @param example the newest
   * @param times at least one, the oldest first
   */
  record Due(Subject subject, Violation example, List<Instant> times) {
    public Due {
      times = List.copyOf(times);
    }

    /** What an Event that tells all up to {@code told} does not tell yet. */
    List<Instant> after(Instant told) {
      return times.stream().filter(time -> time.isAfter(told)).toList();
    }

    Instant newest() {
      return times.getLast();
    }
  }

  synchronized void saw(NodeReport report, Instant now) {
    report
        .policies()
        .forEach((policy, said) ->
            said.violations()
                .forEach(sighting -> {
                  if (sighting.at().isAfter(now.minus(TOO_OLD))) {
                    Subject.of(report.node(), policy, sighting.violation())
                        .ifPresent(subject -> add(subject, sighting));
                  }
                }));
  }

  private void add(Subject subject, Sighting sighting) {
    if (!sighting.at().isAfter(told(subject).until())) {
      return;
    }
    var entry = waiting.get(subject);
    if (entry == null) {
      if (waiting.size() >= capacity) {
        forgotten++; // for now: the node repeats its newest
        return;
      }
      entry = new Waiting(sighting.violation());
      waiting.put(subject, entry);
    }
    if (entry.times.add(sighting.at()) && entry.times.last().equals(sighting.at())) {
      entry.example = sighting.violation();
    }
    if (entry.times.size() > KEPT) {
      entry.times.removeFirst();
      forgotten++;
    }
  }

  private Told told(Subject subject) {
    var known = told.peek(subject);
    return known == null ? Told.NOTHING : known;
  }

  /** What may be told now, the longest waiting first. It stays due until one of the next two. */
  synchronized Optional<Due> next(Instant now) {
    return waiting.entrySet().stream()
        .filter(e -> told(e.getKey()).allowsMore(now))
        .findFirst()
        .map(e -> new Due(e.getKey(), e.getValue().example, List.copyOf(e.getValue().times)));
  }

  /** Told, or never to be told. */
  synchronized void settled(Due due, Instant now) {
    told.put(due.subject(), new Told(due.newest(), now.plus(PAUSE)));
    var entry = waiting.remove(due.subject());
    if (entry != null) {
      entry.times.headSet(due.newest(), true).clear();
      if (!entry.times.isEmpty()) {
        waiting.put(due.subject(), entry);
      }
    }
  }

  /** To be tried again. */
  synchronized void failed(Due due, Instant now) {
    told.put(due.subject(), new Told(told(due.subject()).until(), now.plus(PAUSE)));
    var entry = waiting.remove(due.subject());
    if (entry != null) {
      waiting.put(due.subject(), entry);
    }
  }

  /** How many found no room. */
  synchronized long forgotten() {
    return forgotten;
  }
}
