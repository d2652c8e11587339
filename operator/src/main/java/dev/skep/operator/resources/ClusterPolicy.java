package dev.skep.operator.resources;

import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;

/** {@code TracingPolicy}. */
@Group("skep.dev")
@Version("v1alpha1")
@Kind("TracingPolicy")
@Plural("tracingpolicies")
public final class ClusterPolicy extends PolicyResource {
  private static final long serialVersionUID = 1;
}
