package dev.skep.agent.kube;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * @param kubeconfig null: the service account of the pod
 * @param namespace where the node's ConfigMap is
 */
public record ClusterOptions(@Nullable Path kubeconfig, String namespace, String node) {
  String configMap() {
    return "skep-node-" + node;
  }
}
