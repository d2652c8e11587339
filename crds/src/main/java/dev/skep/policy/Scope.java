package dev.skep.policy;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which processes of a node a policy is about: those of the containers that are chosen, in pods
 * that are chosen, and those outside of all pods if {@code host}.
 *
 * @param namespace the only one whose pods are chosen; null: any
 * @param pods by their labels and {@link #NAMESPACE}
 * @param containers by {@link #NAME} and {@link #REPO}
 */
public record Scope(
    @Nullable String namespace, LabelSelector pods, LabelSelector containers, boolean host) {
  /** What a pod's namespace is called among its labels. No real label can have this name. */
  public static final String NAMESPACE = "k8s:io.kubernetes.pod.namespace";

  /** A container's name, as its pod calls it. */
  public static final String NAME = "name";

  /** The repository of a container's image, without tag and digest. */
  public static final String REPO = "repo";

  /** Every process of the node. */
  public static final Scope EVERYTHING =
      new Scope(null, LabelSelector.EVERYTHING, LabelSelector.EVERYTHING, true);

  public Scope {
    if (host && namespace != null) {
      throw new IllegalArgumentException(
          "a policy of the namespace " + namespace + " never covers the host");
    }
  }

  /**
   * Whether any of the pod's containers may be chosen; all of them are if {@link
   * #choosesEveryContainer}.
   */
  public boolean choosesPod(String podNamespace, Map<String, String> labels) {
    if (namespace != null && !namespace.equals(podNamespace)) {
      return false;
    }
    if (pods.isEverything()) {
      return true;
    }
    var seen = new HashMap<>(labels);
    seen.put(NAMESPACE, podNamespace);
    return pods.selects(seen);
  }

  /** Of a pod that is chosen. */
  public boolean choosesContainer(String name, String repo) {
    return containers.selects(Map.of(NAME, name, REPO, repo));
  }

  /** Whether a chosen pod is covered whole, before anything is known of its containers. */
  public boolean choosesEveryContainer() {
    return containers.isEverything();
  }

  /** Whether every pod is chosen, before anything is known of it. */
  public boolean choosesEveryPod() {
    return namespace == null && pods.isEverything();
  }
}
