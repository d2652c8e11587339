package dev.skep.operator;

import dev.skep.cluster.ControlPlane;
import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.crds.v1alpha1.TracingNodeState;
import dev.skep.crds.v1alpha1.TracingPolicyStatus;
import dev.skep.nodeconfig.MalformedConfigException;
import dev.skep.nodeconfig.NodeConfig;
import dev.skep.operator.resources.ClusterPolicy;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The cluster as its admin, its users and the agents of its nodes see it. */
final class Kube {
  static final String NAMESPACE = "skep-system";

  final ControlPlane plane;
  final KubernetesClient client;

  Kube(ControlPlane plane) {
    this.plane = plane;
    try {
      client = Cluster.connect(plane.kubeconfig());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void makeNode(String name, Map<String, String> labels) {
    client
        .resource(
            new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(labels)
                .endMetadata()
                .build())
        .create();
  }

  /** As if it ran on this node; there is no kubelet. */
  Pod makePod(String namespace, String name, String node) {
    return client
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .addNewContainer()
                .withName("main")
                .withImage("none")
                .endContainer()
                .endSpec()
                .build())
        .create();
  }

  @Nullable ConfigMap configMap(String node) {
    return client.configMaps().inNamespace(NAMESPACE).withName("skep-node-" + node).get();
  }

  /** What the agent of this node would act on; empty as long as there is none. */
  NodeConfig config(String node) {
    var configMap = configMap(node);
    if (configMap == null) {
      return NodeConfig.EMPTY;
    }
    try {
      return NodeConfig.decode(configMap.getData());
    } catch (MalformedConfigException e) {
      throw new AssertionError(e);
    }
  }

  @Nullable ClusterPolicy policy(String name) {
    return client.resources(ClusterPolicy.class).withName(name).get();
  }

  @Nullable TracingPolicyStatus status(String policy) {
    var resource = policy(policy);
    return resource == null ? null : resource.getStatus();
  }

  /** Such as {@code 2/3}; empty if there is none. */
  String summary(String policy) {
    var status = status(policy);
    var nodes = status == null ? null : status.nodes();
    return nodes == null ? "" : Objects.requireNonNull(nodes.summary());
  }

  String uid(String policy) {
    return Objects.requireNonNull(policy(policy)).getMetadata().getUid();
  }

  /** As the agent of the node does. */
  void report(String node, NodeStateStatus status) {
    var states = client.resources(TracingNodeState.class);
    var state = states.withName(node).get();
    if (state == null) {
      var owner = client.nodes().withName(node).get();
      state = new TracingNodeState();
      state.setMetadata(
          new ObjectMetaBuilder()
              .withName(node)
              .withOwnerReferences(
                  new OwnerReferenceBuilder()
                      .withApiVersion("v1")
                      .withKind("Node")
                      .withName(node)
                      .withUid(owner.getMetadata().getUid())
                      .build())
              .build());
      state = client.resource(state).create();
    }
    state.setStatus(status);
    client.resource(state).updateStatus();
  }

  /**
   * Requests that the API server has answered, by its own count; {@code labels} as it prints them.
   */
  long requests(String... labels) {
    return Pattern.compile("(?m)^apiserver_request_total\\{(.*)} ([0-9.e+]+)$")
        .matcher(plane.kubectl("get", "--raw", "/metrics"))
        .results()
        .filter(match -> {
          for (var label : labels) {
            if (!match.group(1).contains(label)) {
              return false;
            }
          }
          return true;
        })
        .mapToLong(match -> (long) Double.parseDouble(match.group(2)))
        .sum();
  }

  /** All that the operator could have written: ConfigMaps, statuses and the ledger. */
  long operatorWrites() {
    return requests("verb=\"POST\"", "resource=\"configmaps\"")
        + requests("verb=\"PUT\"", "resource=\"configmaps\"")
        + requests("verb=\"PATCH\"", "resource=\"configmaps\"")
        + requests("verb=\"APPLY\"", "subresource=\"status\"", "group=\"skep.dev\"")
        + requests("verb=\"PATCH\"", "subresource=\"status\"", "group=\"skep.dev\"")
        + requests("verb=\"PUT\"", "resource=\"tracingpolicies\"");
  }
}
