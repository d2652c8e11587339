package dev.skep.operator.resources;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.crds.v1alpha1.TracingPolicyStatus;
import dev.skep.operator.plan.PolicyDocument;
import io.fabric8.kubernetes.client.CustomResource;

/**
 * A policy object of either kind as the operator reads it. Its spec stays a tree: what this version
 * of Skep does not know has to reach the reader, who refuses it, and must not vanish in decoding.
 */
public abstract sealed class PolicyResource extends CustomResource<JsonNode, TracingPolicyStatus>
    permits ClusterPolicy, NamespacedPolicy {
  private static final long serialVersionUID = 1;

  /** What the user wrote. */
  public PolicyDocument document() {
    var metadata = getMetadata();
    return new PolicyDocument(
        getApiVersion(),
        getKind(),
        metadata.getNamespace(),
        metadata.getName(),
        metadata.getUid(),
        metadata.getGeneration(),
        getSpec());
  }
}
