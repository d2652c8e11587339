package dev.skep.agent.kube;

import dev.skep.agent.pod.NodePod;

/** Who wants to know of this node's pods. Called on one thread; must not block for long. */
public interface Pods {
  /** A pod is new or has changed. */
  void pod(NodePod pod);

  /** A pod was deleted. */
  void gone(String uid);

  /** All pods of the node have been told of once. */
  void listed();
}
