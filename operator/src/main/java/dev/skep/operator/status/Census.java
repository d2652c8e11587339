package dev.skep.operator.status;

import dev.skep.crds.v1alpha1.TracingPolicyStatus.Issue;
import dev.skep.crds.v1alpha1.TracingPolicyStatus.Nodes;
import dev.skep.operator.observed.PolicyReport;
import dev.skep.operator.observed.PolicyView;
import dev.skep.policy.Policy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The selected nodes by what they make of this generation of a policy, each counted once.
 *
 * <p>A node that reports nothing of this generation is stale: it has no agent, or the agent has not
 * acted on the node's ConfigMap yet. A report lists all policies of the ConfigMap that it is about,
 * so there is no need to compare hashes, and a change of one policy makes no node stale for the
 * others.
 */
record Census(Map<Standing, Long> counts, List<Issue> issues) {
  private static final int MAX_ISSUES = 10;
  private static final int SAMPLES = 3;
  private static final int MAX_MESSAGE = 256;
  private static final int MAX_WORD = 64;

  enum Standing {
    READY,
    PENDING,
    FAILED,
    UNSUPPORTED,
    STALE
  }

  private record Cause(String reason, String kernel) {}

  static Census of(Policy policy, PolicyView view) {
    var counts = new EnumMap<Standing, Long>(Standing.class);
    var troubled = new TreeMap<String, PolicyReport>();
    for (var node : view.nodes()) {
      if (policy.nodeSelector().selects(node.labels())) {
        var report = view.reports().get(node.name());
        var standing = standing(report, policy.generation());
        counts.merge(standing, 1L, Long::sum);
        if (report != null && (standing == Standing.FAILED || standing == Standing.UNSUPPORTED)) {
          troubled.put(node.name(), report);
        }
      }
    }
    return new Census(counts, issues(troubled));
  }

  private static Standing standing(@Nullable PolicyReport report, long generation) {
    if (report == null || report.generation() != generation) {
      return Standing.STALE;
    }
    return switch (report.state()) {
      case "Loaded" -> Standing.READY;
      case "Pending", "Loading" -> Standing.PENDING;
      case "Unsupported" -> Standing.UNSUPPORTED;
      // Failed, Skipped, Degraded (it holds a part), and what only newer agents know: whoever
      // relies on the policy must be told.
      default -> Standing.FAILED;
    };
  }

  private static List<Issue> issues(TreeMap<String, PolicyReport> troubled) {
    var causes = new TreeMap<Cause, List<String>>(Comparator.comparing(Cause::toString));
    troubled.forEach((node, report) ->
        causes
            .computeIfAbsent(new Cause(reason(report), report.kernel()), _ -> new ArrayList<>())
            .add(node));
    return causes.entrySet().stream()
        .sorted(Comparator.comparingInt(cause -> -cause.getValue().size()))
        .limit(MAX_ISSUES)
        .map(cause -> issue(cause.getKey(), cause.getValue(), troubled))
        .toList();
  }

  private static Issue issue(
      Cause cause, List<String> nodes, TreeMap<String, PolicyReport> troubled) {
    var first = troubled.get(nodes.getFirst());
    var message = first == null ? null : first.message();
    return new Issue(
        cause.reason(),
        message == null ? null : Texts.head(message, MAX_MESSAGE),
        Texts.head(cause.kernel(), MAX_WORD),
        nodes.size(),
        nodes.stream().limit(SAMPLES).toList());
  }

  private static String reason(PolicyReport report) {
    var reason = report.reason() == null || report.reason().isEmpty() ? null : report.reason();
    return Texts.head(reason == null ? report.state() : reason, MAX_WORD);
  }

  long selected() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  long count(Standing standing) {
    return counts.getOrDefault(standing, 0L);
  }

  /** Those whose kernel will not come to hold it by waiting. */
  long troubled() {
    return count(Standing.FAILED) + count(Standing.UNSUPPORTED);
  }

  Nodes nodes() {
    return new Nodes(
        selected(),
        count(Standing.READY),
        count(Standing.PENDING),
        count(Standing.FAILED),
        count(Standing.UNSUPPORTED),
        count(Standing.STALE),
        count(Standing.READY) + "/" + selected());
  }
}
