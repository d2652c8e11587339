package dev.skep.events;

import static dev.skep.events.KernelText.wellFormed;

import java.util.Map;
import java.util.stream.Collectors;

/**
 * A pod as events tell of it.
 *
 * @param workload the name of what made it: of the Deployment, not of its ReplicaSet; its own where
 *     nothing did
 * @param workloadKind such as {@code Deployment}, {@code CronJob} or {@code Pod}
 * @param annotations empty where nobody asked for them
 */
public record Pod(
    String namespace,
    String name,
    String uid,
    Map<String, String> labels,
    String workload,
    String workloadKind,
    Map<String, String> annotations) {
  public Pod {
    namespace = wellFormed(namespace);
    name = wellFormed(name);
    uid = wellFormed(uid);
    workload = wellFormed(workload);
    workloadKind = wellFormed(workloadKind);
    labels = wellFormedAll(labels);
    annotations = wellFormedAll(annotations);
  }

  private static Map<String, String> wellFormedAll(Map<String, String> texts) {
    return texts.entrySet().stream()
        .collect(
            Collectors.toUnmodifiableMap(
                text -> wellFormed(text.getKey()), text -> wellFormed(text.getValue())));
  }
}
