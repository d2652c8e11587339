package dev.skep.events.json;

import java.util.Map;

/**
 * What every event of one agent says of where it came from.
 *
 * @param cluster empty if the cluster has no name
 * @param nodeLabels the labels of the node that are to be told, empty for none
 */
public record Origin(String node, String cluster, Map<String, String> nodeLabels) {
  public Origin {
    nodeLabels = Map.copyOf(nodeLabels);
  }

  /** A node without a cluster's name and labels. */
  public static Origin of(String node) {
    return new Origin(node, "", Map.of());
  }
}
