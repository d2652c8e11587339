package dev.skep.agent.pod;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a cgroup is to Kubernetes, read from its name and that of its parents as kubelet and the
 * container runtimes give them, with the systemd driver ({@code
 * kubepods-burstable-podUID.slice/cri-containerd-ID.scope}) and with cgroupfs ({@code
 * kubepods/burstable/podUID/ID}), below any root.
 */
public sealed interface Place {
  /** Not of a pod and not a container: the host's. */
  record Outside() implements Place {}

  /** The root of all pods, or one of its classes of service. */
  record PodsRoot() implements Place {}

  /**
   * A pod, outside of its containers.
   *
   * @param uid of a static pod the hash of its manifest, else the Pod object's
   */
  record InPod(String uid) implements Place {}

  /**
   * A container, or below it.
   *
   * @param podUid null if the path names no pod: a container that kubelet did not make, or made
   *     with its cgroups for pods switched off
   * @param runtime as container ids in a pod's status begin; empty where the path does not tell
   */
  record InContainer(@Nullable String podUid, String id, String runtime) implements Place {
    /** As a pod's status has it. */
    public String statusId() {
      return runtime.isEmpty() ? id : runtime + "://" + id;
    }
  }

  /**
   * Of the cgroup with this path below the root of the node's cgroups: from there, since a node may
   * be a container itself, as those of kind are, whose pods are not its machine's.
   */
  static Place of(String path) {
    Place place = new Outside();
    for (var name : path.split("/", -1)) {
      place = name.isEmpty() ? place : place.child(name);
    }
    return place;
  }

  /** Of the cgroup with this name in a cgroup of this place. */
  default Place child(String name) {
    return switch (this) {
      case Outside _ ->
          Names.ROOT.matcher(name).matches() ? new PodsRoot() : Names.container(name, null, this);
      case PodsRoot _ -> {
        var pod = Names.POD.matcher(name);
        yield pod.matches() ? new InPod(Names.uid(pod.group("uid"))) : this;
      }
      case InPod(var uid) -> Names.container(name, uid, this);
      case InContainer _ -> this;
    };
  }

  /** The names that mean something. */
  final class Names {
    private static final String UID =
        "(?<uid>[0-9a-f]{32}|[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})";

    /** With kubelet's {@code --cgroup-root} in front. */
    static final Pattern ROOT = Pattern.compile("(?:.+-)?kubepods(?:\\.slice)?");

    static final Pattern POD =
        Pattern.compile(
            "(?:(?:.+-)?kubepods(?:-burstable|-besteffort)?-)?pod" + UID + "(?:\\.slice)?");

    /**
     * The second form is that of a runtime with cgroupfs that a kubelet with systemd's driver told
     * what to use.
     */
    private static final Pattern CONTAINER =
        Pattern.compile(
            "(?:(?<maker>[a-z][a-z-]*?)-)?(?<id>[0-9a-f]{64})(?:\\.scope)?"
                + "|[^:]*?(?:pod"
                + UID
                + "(?:\\.slice)?)?:(?<maker2>[a-z][a-z-]*):(?<id2>[0-9a-f]{64})");

    private Names() {}

    static String uid(String named) {
      return named.replace('_', '-');
    }

    /**
     * @param otherwise what it is if it is no container, such as the monitor of one
     */
    static Place container(String name, @Nullable String podUid, Place otherwise) {
      var found = CONTAINER.matcher(name);
      if (!found.matches()) {
        return otherwise;
      }
      var maker = found.group("maker");
      if (found.group("id") != null) {
        return isMonitor(maker)
            ? otherwise
            : new InContainer(podUid, found.group("id"), runtime(maker));
      }
      var named = found.group("uid");
      return new InContainer(
          named == null ? podUid : uid(named), found.group("id2"), runtime(found.group("maker2")));
    }

    private static boolean isMonitor(@Nullable String maker) {
      return maker != null && maker.endsWith("conmon");
    }

    private static String runtime(@Nullable String maker) {
      return switch (maker) {
        case "cri-containerd" -> "containerd";
        case "crio" -> "cri-o";
        case "docker" -> "docker";
        case null, default -> "";
      };
    }
  }
}
