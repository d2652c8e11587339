package dev.skep.operator.resources;

import dev.skep.operator.plan.NodeFacts;
import io.fabric8.kubernetes.api.model.Node;
import java.util.Map;
import java.util.Objects;

/** What we read of a Node. */
public final class Nodes {
  private Nodes() {}

  public static NodeFacts facts(Node node) {
    var metadata = node.getMetadata();
    return new NodeFacts(
        metadata.getName(),
        metadata.getUid(),
        Objects.requireNonNullElse(metadata.getLabels(), Map.of()));
  }
}
