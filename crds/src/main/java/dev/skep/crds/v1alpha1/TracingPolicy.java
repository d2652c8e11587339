package dev.skep.crds.v1alpha1;

import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** A policy for the whole cluster. */
@Group("skep.dev")
@Version("v1alpha1")
@Kind("TracingPolicy")
@Plural("tracingpolicies")
@ShortNames("tp")
@Categories("tracing")
public final class TracingPolicy extends CustomResource<TracingPolicySpec, TracingPolicyStatus> {
  private static final long serialVersionUID = 1;

  @Override
  @Required
  public TracingPolicySpec getSpec() {
    return super.getSpec();
  }
}
