package dev.skep.crds.v1alpha1;

import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** A policy for the pods of its namespace. */
@Group("skep.dev")
@Version("v1alpha1")
@Kind("TracingPolicyNamespaced")
@Plural("tracingpoliciesnamespaced")
@ShortNames("tpn")
@Categories("tracing")
public final class TracingPolicyNamespaced
    extends CustomResource<TracingPolicySpec, TracingPolicyStatus> implements Namespaced {
  private static final long serialVersionUID = 1;

  @Override
  @Required
  @ValidationRule(
      value = "!has(self.hostSelector)",
      message =
          "hostSelector belongs to a TracingPolicy: a namespaced policy never covers processes"
              + " outside of its namespace's pods")
  public TracingPolicySpec getSpec() {
    return super.getSpec();
  }
}
