package dev.skep.operator.observed;

import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.crds.v1alpha1.NodeStateStatus.PolicyState;
import dev.skep.crds.v1alpha1.Violation;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One version of a node's state, read.
 *
 * @param node its name, which is the object's and not what the report claims
 * @param uid of the state object
 * @param version of the state object
 * @param nodeUid of the Node that owns it, null if it has no owner
 * @param observedConfig null if the agent has acted on none yet
 * @param policies by uid
 * @param silent uids of those of {@code policies} that come without counters
 */
public record NodeReport(
    String node,
    String uid,
    String version,
    @Nullable String nodeUid,
    @Nullable String observedConfig,
    Map<String, PolicyReport> policies,
    Set<String> silent) {
  public NodeReport {
    policies = Map.copyOf(policies);
    silent = Set.copyOf(silent);
  }

  public static NodeReport of(
      String node,
      String uid,
      String version,
      @Nullable String nodeUid,
      @Nullable NodeStateStatus status) {
    if (status == null) {
      return new NodeReport(node, uid, version, nodeUid, null, Map.of(), Set.of());
    }
    var kernel = status.kernel();
    var release = kernel == null || kernel.release() == null ? "unknown" : kernel.release();
    var policies = new HashMap<String, PolicyReport>();
    var silent = new HashSet<String>();
    for (var policy : status.policies()) {
      if (policy.uid() != null) {
        var said = Totals.saidBy(policy);
        if (said == null) {
          silent.add(policy.uid());
        }
        policies.put(
            policy.uid(),
            report(
                node,
                release,
                policy,
                said == null ? Totals.NONE : said,
                status.recentViolations()));
      }
    }
    return new NodeReport(node, uid, version, nodeUid, status.observedConfig(), policies, silent);
  }

  private static PolicyReport report(
      String node, String kernel, PolicyState state, Totals totals, List<Violation> violations) {
    var sightings =
        violations.stream()
            .filter(violation -> state.uid() != null && state.uid().equals(violation.policyUid()))
            .map(violation -> Sighting.on(node, violation))
            .flatMap(Optional::stream)
            .toList();
    return new PolicyReport(
        kernel,
        state.generation() == null ? 0 : state.generation(),
        state.state() == null ? "" : state.state(),
        state.reason(),
        state.message(),
        totals,
        sightings);
  }
}
