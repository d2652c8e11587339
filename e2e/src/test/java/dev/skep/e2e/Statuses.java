package dev.skep.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.crds.v1alpha1.TracingPolicyStatus;

/** Short questions to a policy's status. */
final class Statuses {
  private Statuses() {}

  static boolean ready(TracingPolicyStatus status) {
    return status.conditions().stream()
        .anyMatch(c -> "Ready".equals(c.type()) && "True".equals(c.status()));
  }

  /** The status of a condition of an object as kubectl gets it; empty if it has none such. */
  static String condition(JsonNode object, String type) {
    for (var condition : object.at("/status/conditions")) {
      if (condition.at("/type").asText().equals(type)) {
        return condition.at("/status").asText();
      }
    }
    return "";
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
