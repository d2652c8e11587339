package dev.skep.operator.plan;

import java.util.Map;

/** What a plan and a status need to know of a Node. */
public record NodeFacts(String name, String uid, Map<String, String> labels) {
  public NodeFacts {
    labels = Map.copyOf(labels);
  }
}
