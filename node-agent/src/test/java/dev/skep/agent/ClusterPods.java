package dev.skep.agent;

import dev.skep.cluster.ControlPlane;
import java.util.UUID;

/** Pods of a real API server, on a node without a kubelet: tests do what that would. */
record ClusterPods(ControlPlane cluster, String node) {
  static final String NAMESPACE = "skep-system";

  /** With its Node. */
  static ClusterPods onNewNode(ControlPlane cluster) {
    return new ClusterPods(cluster, "node-" + UUID.randomUUID().toString().substring(0, 8));
  }

  /** A container's id as runtimes make them. */
  static String newId() {
    return (UUID.randomUUID() + "" + UUID.randomUUID()).replace("-", "");
  }

  /**
   * A name of a pod that nobody else has.
   *
   * @param labels as JSON
   */
  String make(String namespace, String labels) {
    var name = "till-" + UUID.randomUUID().toString().substring(0, 8);
    cluster.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: "%s"
          namespace: "%s"
          generateName: till-7d4b9-
          labels: %s
          ownerReferences:
          - {apiVersion: apps/v1, kind: ReplicaSet, name: till-7d4b9, uid: "%s", controller: true}
        spec:
          nodeName: "%s"
          automountServiceAccountToken: false
          tolerations: [{operator: Exists}]
          containers:
          - name: main
            image: example.org/shop/till:1
            securityContext: {privileged: true}
            livenessProbe: {exec: {command: ["true", alive]}}
        """
            .formatted(name, namespace, labels, UUID.randomUUID(), node));
    return name;
  }

  String uid(String namespace, String pod) {
    return cluster.kubectl("-n", namespace, "get", "pod", pod, "-o", "jsonpath={.metadata.uid}");
  }

  /** As kubelet does once the container runs. */
  void running(String namespace, String pod, String containerId) {
    cluster.kubectl(
        "-n",
        namespace,
        "patch",
        "pod",
        pod,
        "--subresource=status",
        "--type=merge",
        "-p",
        """
        {"status": {"phase": "Running", "containerStatuses": [{"name": "main", "ready": true,
          "restartCount": 0, "image": "example.org/shop/till:1",
          "imageID": "example.org/shop/till@sha256:11", "containerID": "containerd://%s",
          "state": {"running": {"startedAt": "2026-01-02T03:04:05Z"}}}]}}
        """
            .formatted(containerId));
  }

  void label(String namespace, String pod, String label) {
    cluster.kubectl("-n", namespace, "label", "--overwrite", "pod", pod, label);
  }

  void delete(String namespace, String pod) {
    cluster.kubectl("-n", namespace, "delete", "pod", pod, "--force", "--grace-period=0");
  }
}
