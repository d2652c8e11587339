package dev.skep.operator.status;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.crds.v1alpha1.TracingPolicyStatus;

/** Keeps a status within what etcd and its readers can bear. */
final class Size {
  static final int MAX_BYTES = 16 * 1024;

  private static final ObjectMapper JSON = new ObjectMapper();

  private Size() {}

  /** Leaves out the oldest violations, then the rarest issues, until the rest fits. */
  static TracingPolicyStatus bounded(TracingPolicyStatus status) {
    var bounded = status;
    while (bytes(bounded) > MAX_BYTES) {
      int violations = bounded.recentViolations().size();
      int issues = bounded.issues().size();
      if (violations > 0) {
        bounded = PolicyStatus.showing(bounded, violations - 1, issues);
      } else if (issues > 0) {
        bounded = PolicyStatus.showing(bounded, 0, issues - 1);
      } else {
        return bounded;
      }
    }
    return bounded;
  }

  static int bytes(TracingPolicyStatus status) {
    try {
      return JSON.writeValueAsBytes(status).length;
    } catch (JsonProcessingException e) {
      throw new AssertionError("a status can always be written", e);
    }
  }
}
