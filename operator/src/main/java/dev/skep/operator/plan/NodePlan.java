package dev.skep.operator.plan;

import dev.skep.nodeconfig.NodeConfig;
import java.util.List;

/** Which policies a node gets. */
public final class NodePlan {
  private NodePlan() {}

  public static NodeConfig of(NodeFacts node, List<AcceptedPolicy> policies) {
    return new NodeConfig(
        policies.stream()
            .filter(accepted -> accepted.policy().nodeSelector().selects(node.labels()))
            .map(AcceptedPolicy::entry)
            .toList());
  }
}
