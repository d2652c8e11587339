package dev.skep.operator.resources;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;

/** {@code TracingPolicyNamespaced}. */
@Group("skep.dev")
@Version("v1alpha1")
@Kind("TracingPolicyNamespaced")
@Plural("tracingpoliciesnamespaced")
public final class NamespacedPolicy extends PolicyResource implements Namespaced {
  private static final long serialVersionUID = 1;
}
