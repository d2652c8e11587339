package dev.skep.agent.pod;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The pods of this node by the names of their cgroups. Those that were deleted are kept for a
 * while, and for as long as anything of them runs: their last events come late, and a pod that is
 * deleted by force must not get rid of its policies. One thread.
 */
final class PodIndex {
  static final int DELETED = 1024;

  private final Predicate<String> runs;

  /** By uid. */
  private final Map<String, NodePod> pods = new HashMap<>();

  private final Map<String, NodePod> byCgroup = new HashMap<>();
  private final LinkedHashMap<String, NodePod> deleted = new LinkedHashMap<>();

  /**
   * @param runs whether there still are cgroups of this name
   */
  PodIndex(Predicate<String> runs) {
    this.runs = runs;
  }

  void put(NodePod pod) {
    var before = pods.get(pod.uid());
    pods.put(pod.uid(), before == null ? pod : pod.after(before));
    claim(pod.cgroupUid());
    if (before != null && !before.cgroupUid().equals(pod.cgroupUid())) {
      claim(before.cgroupUid());
    }
  }

  /** The pod as it was; null if it was not known. */
  @Nullable NodePod remove(String uid) {
    var pod = pods.remove(uid);
    if (pod != null) {
      deleted.remove(pod.cgroupUid());
      deleted.put(pod.cgroupUid(), pod);
      claim(pod.cgroupUid());
      shrink();
    }
    return pod;
  }

  @Nullable NodePod find(String cgroupUid) {
    var pod = byCgroup.get(cgroupUid);
    return pod != null ? pod : deleted.get(cgroupUid);
  }

  /** The pod with a container of this id. */
  @Nullable NodePod ofContainer(String id) {
    for (var pod : pods.values()) {
      if (pod.containers().containsKey(id)) {
        return pod;
      }
    }
    for (var pod : deleted.values()) {
      if (pod.containers().containsKey(id)) {
        return pod;
      }
    }
    return null;
  }

  /**
   * Whose cgroup it is. Who may create pods can claim to be the mirror of a static pod: the first
   * one is, by the API server's own clock; and an object's own uid nobody can claim.
   */
  private void claim(String cgroupUid) {
    NodePod owner = null;
    for (var pod : pods.values()) {
      if (pod.cgroupUid().equals(cgroupUid) && (owner == null || isBefore(pod, owner))) {
        owner = pod;
      }
    }
    if (owner == null) {
      byCgroup.remove(cgroupUid);
    } else {
      byCgroup.put(cgroupUid, owner);
    }
  }

  private static boolean isBefore(NodePod one, NodePod other) {
    boolean own = one.uid().equals(one.cgroupUid());
    if (own != other.uid().equals(other.cgroupUid())) {
      return own;
    }
    int order = one.created().compareTo(other.created());
    return order < 0 || (order == 0 && one.uid().compareTo(other.uid()) < 0);
  }

  private void shrink() {
    for (var eldest = deleted.entrySet().iterator();
        deleted.size() > DELETED && eldest.hasNext(); ) {
      if (!runs.test(eldest.next().getKey())) {
        eldest.remove();
      }
    }
  }
}
