package dev.skep.agent.kube;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * @param kubeconfig null: the service account of the pod
 * @param namespace where the node's ConfigMap is
 * @param daemonSet that this agent's end is to be asked about, in the same namespace; null: none
 * @param podAnnotations whether events tell the annotations of pods
 */
public record ClusterOptions(
    @Nullable Path kubeconfig,
    String namespace,
    String node,
    @Nullable String daemonSet,
    boolean podAnnotations) {
  String configMap() {
    return "skep-node-" + node;
  }
}
