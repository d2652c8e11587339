package dev.skep.operator.observed;

import dev.skep.operator.plan.NodeFacts;
import java.util.List;
import java.util.Map;

/**
 * All that is known of one policy at one moment.
 *
 * @param nodes all of the cluster
 * @param reports by node
 * @param totals of all nodes, of those that are gone too
 */
public record PolicyView(List<NodeFacts> nodes, Map<String, PolicyReport> reports, Totals totals) {
  public PolicyView {
    nodes = List.copyOf(nodes);
    reports = Map.copyOf(reports);
  }
}
