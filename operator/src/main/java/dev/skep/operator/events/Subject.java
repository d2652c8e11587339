package dev.skep.operator.events;

import dev.skep.crds.v1alpha1.Violation;
import java.util.Optional;

/**
 * What violations are gathered by: all of one subject are one Event.
 *
 * @param node that says so; whether the pod is on it, is asked of the API server
 * @param policy its uid
 */
record Subject(
    String namespace,
    String pod,
    String podUID,
    String node,
    String policy,
    String hook,
    String action,
    boolean enforced) {

  /** Empty outside of pods: nothing is there to tell it of. */
  static Optional<Subject> of(String node, String policy, Violation violation) {
    var namespace = violation.namespace();
    var pod = violation.pod();
    var uid = violation.podUID();
    var hook = violation.hook();
    var action = violation.action();
    if (namespace == null || pod == null || uid == null || hook == null || action == null) {
      return Optional.empty();
    }
    return Optional.of(
        new Subject(namespace, pod, uid, node, policy, hook, action, violation.enforced()));
  }
}
