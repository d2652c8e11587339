package dev.skep.operator.observed;

import dev.skep.crds.v1alpha1.NodeStateStatus.PolicyState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one node reports of one policy.
 *
 * @param kernel release, "unknown" if the node does not say
 * @param state one of the words of {@link PolicyState}, or of a newer agent
 * @param totals never less than this node has reported before
 */
public record PolicyReport(
    String kernel,
    long generation,
    String state,
    @Nullable String reason,
    @Nullable String message,
    Totals totals,
    List<Sighting> violations) {
  public PolicyReport {
    violations = List.copyOf(violations);
  }

  PolicyReport with(Totals other) {
    return new PolicyReport(kernel, generation, state, reason, message, other, violations);
  }
}
