package dev.skep.agent.policy;

import dev.skep.policy.Reading;
import org.jspecify.annotations.Nullable;

/**
 * A policy that this node was told to carry out.
 *
 * @param namespace of a namespaced policy
 */
public record WantedPolicy(
    String uid, String name, @Nullable String namespace, long generation, Reading reading) {
  @Override
  public String toString() {
    return namespace == null ? name : namespace + "/" + name;
  }
}
