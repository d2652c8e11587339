package dev.skep.agent.pod;

import dev.skep.events.Container;
import dev.skep.events.Pod;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Pods as short as tests like them. */
public final class TestPods {
  private TestPods() {}

  public static String uid(int number) {
    return "00000000-0000-0000-0000-%012d".formatted(number);
  }

  public static String id(int number) {
    return "%064d".formatted(number);
  }

  /**
   * @param containers their ids; each is called after its own
   */
  public static NodePod pod(
      int number, String namespace, Map<String, String> labels, int... containers) {
    var all = new LinkedHashMap<String, Container>();
    for (var container : containers) {
      all.put(id(container), container(container));
    }
    var told =
        new Pod(namespace, "pod-" + number, uid(number), labels, "w", "Deployment", Map.of());
    return new NodePod(told, uid(number), Instant.ofEpochSecond(number), all);
  }

  public static Container container(int number) {
    return new Container(
        "containerd://" + id(number),
        "c" + number,
        "image@sha256:1",
        "registry/image-" + number % 3 + ":1",
        number,
        false,
        List.of());
  }

  /** A pod that stands for a static one. */
  public static NodePod mirror(int number, String hash, Instant created) {
    var pod = pod(number, "kube-system", Map.of());
    return new NodePod(pod.told(), hash, created, pod.containers());
  }

  public static String podPath(int number) {
    return "/kubepods.slice/kubepods-pod" + uid(number).replace('-', '_') + ".slice";
  }

  public static String containerPath(int pod, int container) {
    return podPath(pod) + "/cri-containerd-" + id(container) + ".scope";
  }
}
