package dev.skep.agent.kube;

import static java.util.Objects.requireNonNullElse;

import dev.skep.agent.pod.NodePod;
import dev.skep.events.Container;
import dev.skep.events.Container.Probe;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.EphemeralContainer;
import io.fabric8.kubernetes.api.model.ExecAction;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** From a Pod object to what the agent keeps of it. */
final class PodReader {
  /** On the object that stands for a static pod: the hash that its cgroup is called after. */
  private static final String MIRROR = "kubernetes.io/config.mirror";

  private record Spec(boolean privileged, List<Probe> probes) {
    static final Spec UNKNOWN = new Spec(false, List.of());
  }

  private final boolean withAnnotations;

  PodReader(boolean withAnnotations) {
    this.withAnnotations = withAnnotations;
  }

  NodePod read(Pod pod) {
    var metadata = pod.getMetadata();
    var annotations = orEmpty(metadata.getAnnotations());
    var workload = Workload.of(metadata);
    return new NodePod(
        new dev.skep.events.Pod(
            metadata.getNamespace(),
            metadata.getName(),
            metadata.getUid(),
            orEmpty(metadata.getLabels()),
            workload.name(),
            workload.kind(),
            withAnnotations ? annotations : Map.of()),
        requireNonNullElse(annotations.get(MIRROR), metadata.getUid()),
        requireNonNullElse(instant(metadata.getCreationTimestamp()), Instant.EPOCH),
        containers(pod));
  }

  private static Map<String, Container> containers(Pod pod) {
    var specs = specs(pod);
    var containers = new LinkedHashMap<String, Container>();
    var status = pod.getStatus();
    if (status != null) {
      Stream.of(
              status.getInitContainerStatuses(),
              status.getContainerStatuses(),
              status.getEphemeralContainerStatuses())
          .filter(Objects::nonNull)
          .flatMap(List::stream)
          .forEach(container -> {
            var spec = specs.getOrDefault(container.getName(), Spec.UNKNOWN);
            add(container, container.getLastState(), null, spec, containers);
            add(container, container.getState(), container.getContainerID(), spec, containers);
          });
    }
    return containers;
  }

  /**
   * @param id null: that of the state
   */
  private static void add(
      ContainerStatus of,
      @Nullable ContainerState state,
      @Nullable String id,
      Spec spec,
      Map<String, Container> to) {
    var ended = state == null ? null : state.getTerminated();
    var known = id == null && ended != null ? ended.getContainerID() : id;
    if (known == null || known.isEmpty()) {
      return;
    }
    var began =
        state != null && state.getRunning() != null
            ? state.getRunning().getStartedAt()
            : ended == null ? null : ended.getStartedAt();
    to.put(
        known.substring(known.indexOf("://") < 0 ? 0 : known.indexOf("://") + 3),
        new Container(
            known,
            of.getName(),
            requireNonNullElse(of.getImageID(), ""),
            requireNonNullElse(of.getImage(), ""),
            nanos(instant(began)),
            spec.privileged(),
            spec.probes()));
  }

  private static Map<String, Spec> specs(Pod pod) {
    var specs = new HashMap<String, Spec>();
    var spec = pod.getSpec();
    if (spec == null) {
      return specs;
    }
    Stream.of(spec.getInitContainers(), spec.getContainers())
        .filter(Objects::nonNull)
        .flatMap(List::stream)
        .forEach(container -> {
          var security = container.getSecurityContext();
          var probes = new ArrayList<Probe>();
          Stream.of(
                  container.getLivenessProbe(),
                  container.getReadinessProbe(),
                  container.getStartupProbe())
              .filter(Objects::nonNull)
              .forEach(probe -> add(probe.getExec(), probes));
          specs.put(container.getName(), new Spec(isPrivileged(security), probes));
        });
    requireNonNullElse(spec.getEphemeralContainers(), List.<EphemeralContainer>of())
        .forEach(container ->
            specs.put(
                container.getName(),
                new Spec(isPrivileged(container.getSecurityContext()), List.of())));
    return specs;
  }

  private static boolean isPrivileged(@Nullable SecurityContext security) {
    return security != null && Boolean.TRUE.equals(security.getPrivileged());
  }

  private static void add(@Nullable ExecAction exec, List<Probe> to) {
    if (exec != null && exec.getCommand() != null && !exec.getCommand().isEmpty()) {
      to.add(Probe.of(exec.getCommand()));
    }
  }

  private static @Nullable Instant instant(@Nullable String time) {
    try {
      return time == null ? null : Instant.parse(time);
    } catch (DateTimeParseException _) {
      return null; // somebody else's idea of a time is no reason to lose the pod
    }
  }

  private static long nanos(@Nullable Instant time) {
    return time == null ? 0 : Duration.between(Instant.EPOCH, time).toNanos();
  }

  private static Map<String, String> orEmpty(@Nullable Map<String, String> texts) {
    return texts == null ? Map.of() : texts;
  }
}
