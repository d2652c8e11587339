package dev.skep.events.json;

import static dev.skep.events.KernelText.wellFormed;

import java.util.Map;
import java.util.stream.Collectors;

/**
 * What every event of one agent says of where it came from.
 *
 * @param cluster empty if the cluster has no name
 * @param nodeLabels the labels of the node that are to be told, empty for none
 */
public record Origin(String node, String cluster, Map<String, String> nodeLabels) {
  public Origin {
    node = wellFormed(node);
    cluster = wellFormed(cluster);
    nodeLabels =
        nodeLabels.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    label -> wellFormed(label.getKey()), label -> wellFormed(label.getValue())));
  }

  /** A node without a cluster's name and labels. */
  public static Origin of(String node) {
    return new Origin(node, "", Map.of());
  }
}
