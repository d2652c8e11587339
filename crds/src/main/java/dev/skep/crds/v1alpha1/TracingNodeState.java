package dev.skep.crds.v1alpha1;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/**
 * What one node's agent reports; named like the node and owned by it. Written by that agent alone.
 */
@Group("skep.dev")
@Version("v1alpha1")
@Kind("TracingNodeState")
@Plural("tracingnodestates")
@ShortNames("tns")
@Categories("tracing")
public final class TracingNodeState extends CustomResource<Void, NodeStateStatus> {
  private static final long serialVersionUID = 1;
}
