package dev.skep.agent.kube;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What made a pod, as far as the pod itself tells: no further object is read. A ReplicaSet stands
 * for its Deployment, a Job for its CronJob, where their names say that these made them.
 */
record Workload(String name, String kind) {
  private static final String HASH = "pod-template-hash";

  /** The time that a CronJob's Job is for, in minutes since 1970. */
  private static final Pattern OF_CRON_JOB = Pattern.compile("(?<name>.+)-\\d{8,10}");

  static Workload of(ObjectMeta pod) {
    var itself = new Workload(pod.getName(), "Pod");
    if (pod.getOwnerReferences() == null || isEmpty(pod.getGenerateName())) {
      return itself; // such as a static pod, whose owner is its node
    }
    return pod.getOwnerReferences().stream()
        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
        .findFirst()
        .map(owner -> of(owner, pod))
        .orElse(itself);
  }

  private static Workload of(OwnerReference owner, ObjectMeta pod) {
    var name = owner.getName();
    return switch (owner.getKind()) {
      case "ReplicaSet" -> {
        var hash = pod.getLabels() == null ? null : pod.getLabels().get(HASH);
        yield hash != null && !hash.isEmpty() && name.endsWith("-" + hash)
            ? new Workload(name.substring(0, name.length() - hash.length() - 1), "Deployment")
            : new Workload(name, "ReplicaSet");
      }
      case "Job" -> {
        var named = OF_CRON_JOB.matcher(name);
        yield named.matches()
            ? new Workload(named.group("name"), "CronJob")
            : new Workload(name, "Job");
      }
      default -> new Workload(name, owner.getKind());
    };
  }

  private static boolean isEmpty(@Nullable String text) {
    return text == null || text.isEmpty();
  }
}
