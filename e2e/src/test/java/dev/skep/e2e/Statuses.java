package dev.skep.e2e;

import dev.skep.crds.v1alpha1.TracingPolicyStatus;

/** Short questions to a policy's status. */
final class Statuses {
  private Statuses() {}

  static boolean ready(TracingPolicyStatus status) {
    return status.conditions().stream()
        .anyMatch(c -> "Ready".equals(c.type()) && "True".equals(c.status()));
  }

  static long violations(TracingPolicyStatus status) {
    var violations = status.violations();
    return violations == null ? 0 : violations.total();
  }

  static long events(TracingPolicyStatus status) {
    var events = status.events();
    return events == null ? 0 : events.total();
  }

  /** Such as {@code 1/1}: as kubectl shows it. */
  static String nodes(TracingPolicyStatus status) {
    var nodes = status.nodes();
    return nodes == null ? "" : String.valueOf(nodes.summary());
  }
}
