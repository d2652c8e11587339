package dev.skep.agent.policy;

import dev.skep.policy.Reading;
import dev.skep.policy.Warning;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A policy that this node was told to carry out.
 *
 * @param namespace of a namespaced policy
 */
public record WantedPolicy(
    String uid, String name, @Nullable String namespace, long generation, Reading reading) {
  /** Where it does less than it seems to. */
  List<Warning> warnings() {
    return reading instanceof Reading.Accepted(_, var warnings) ? warnings : List.of();
  }

  /** The first of them in short, for the node's state; the operator tells all. */
  String warning() {
    if (warnings().isEmpty()) {
      return "";
    }
    int others = warnings().size() - 1;
    return "warning: " + warnings().getFirst() + (others == 0 ? "" : "; and " + others + " more");
  }

  @Override
  public String toString() {
    return namespace == null ? name : namespace + "/" + name;
  }
}
