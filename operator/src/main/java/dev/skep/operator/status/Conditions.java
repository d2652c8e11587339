package dev.skep.operator.status;

import dev.skep.crds.v1alpha1.Condition;
import dev.skep.operator.status.Census.Standing;
import dev.skep.policy.Policy;
import dev.skep.policy.Reading;
import dev.skep.policy.Reading.Problem;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** Accepted, Ready, Enforcing and Degraded, always all four, in this order. */
final class Conditions {
  private static final int MAX_MESSAGE = 1024;
  private static final int MAX_PROBLEMS = 10;

  private final long generation;
  private final List<Condition> previous;
  private final String now;

  Conditions(long generation, List<Condition> previous, Instant now) {
    this.generation = generation;
    this.previous = previous;
    this.now = now.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  List<Condition> ofRefused(Reading.Refused refused) {
    boolean unsupported =
        refused.problems().stream().allMatch(problem -> problem.kind() == Reading.Kind.UNSUPPORTED);
    var elsewhere = "the policy is not accepted, so no node loads it";
    return List.of(
        no("Accepted", unsupported ? "Unsupported" : "Invalid", problems(refused.problems())),
        no("Ready", "NotAccepted", elsewhere),
        no("Enforcing", "NotAccepted", elsewhere),
        no("Degraded", "NotAccepted", elsewhere));
  }

  private static String problems(List<Problem> problems) {
    var told =
        problems.stream()
            .limit(MAX_PROBLEMS)
            .map(Problem::toString)
            .collect(Collectors.joining("; "));
    int untold = problems.size() - MAX_PROBLEMS;
    return untold > 0 ? told + "; and " + untold + " more" : told;
  }

  /**
   * @param warnings how many
   */
  List<Condition> ofAccepted(Policy policy, int warnings, Census census) {
    return List.of(
        warnings == 0
            ? yes("Accepted", "Valid", "every part of the policy is supported")
            : yes(
                "Accepted",
                "ValidWithWarnings",
                "every part of the policy is supported; "
                    + (warnings == 1 ? "1 warning" : warnings + " warnings")
                    + " in status.warnings"),
        ready(census),
        enforcing(policy, census),
        degraded(census));
  }

  private Condition ready(Census census) {
    long selected = census.selected();
    long ready = census.count(Standing.READY);
    if (selected == 0) {
      // A policy that guards nothing is not what its author wanted: better asked than assumed.
      return no("Ready", "NoNodesSelected", "no node of the cluster matches spec.nodeSelector");
    }
    if (ready == selected) {
      return yes("Ready", "Loaded", "loaded on " + nodes(selected));
    }
    var message = "loaded on " + ready + " of " + nodes(selected) + others(census);
    return no("Ready", census.troubled() > 0 ? "NodesFailed" : "RollingOut", message);
  }

  private static String others(Census census) {
    var text = new StringBuilder();
    for (var standing : Standing.values()) {
      if (standing != Standing.READY && census.count(standing) > 0) {
        text.append(", ").append(census.count(standing)).append(' ').append(word(standing));
      }
    }
    return text.toString();
  }

  private static String word(Standing standing) {
    return switch (standing) {
      case READY -> "ready";
      case PENDING -> "loading it";
      case FAILED -> "failed";
      case UNSUPPORTED -> "with a kernel that cannot";
      case STALE -> "without a report of this generation";
    };
  }

  private Condition enforcing(Policy policy, Census census) {
    return switch (policy.mode()) {
      case OBSERVE -> no("Enforcing", "NothingToEnforce", "no selector asks for an action");
      case MONITOR ->
          no("Enforcing", "MonitorMode", "spec.mode is monitor: actions are only counted");
      case ENFORCE -> {
        long selected = census.selected();
        long ready = census.count(Standing.READY);
        yield selected > 0 && ready == selected
            ? yes("Enforcing", "Enforced", "enforced on " + nodes(selected))
            : no(
                "Enforcing",
                ready == 0 ? "NotLoaded" : "PartlyLoaded",
                "enforced on " + ready + " of " + nodes(selected));
      }
    };
  }

  private Condition degraded(Census census) {
    if (census.troubled() == 0) {
      return no("Degraded", "NoTrouble", "no node reports trouble");
    }
    var reasons =
        census.issues().stream()
            .map(issue ->
                issue.reason()
                    + " on "
                    + nodes(issue.nodes())
                    + " ("
                    + String.join(", ", issue.sampleNodes())
                    + (issue.nodes() > issue.sampleNodes().size() ? ", …)" : ")"))
            .collect(Collectors.joining("; "));
    return yes("Degraded", "NodesFailed", reasons);
  }

  private static String nodes(long count) {
    return count == 1 ? "1 node" : count + " nodes";
  }

  private Condition yes(String type, String reason, String message) {
    return condition(type, "True", reason, message);
  }

  private Condition no(String type, String reason, String message) {
    return condition(type, "False", reason, message);
  }

  private Condition condition(String type, String status, String reason, String message) {
    var since =
        previous.stream()
            .filter(old -> type.equals(old.type()) && status.equals(old.status()))
            .map(Condition::lastTransitionTime)
            .filter(Objects::nonNull)
            .findFirst()
            .orElse(now);
    return new Condition(type, status, generation, since, reason, Texts.head(message, MAX_MESSAGE));
  }
}
