package dev.skep.events.json;

import com.fasterxml.jackson.core.io.SerializedString;
import dev.skep.events.Container;
import dev.skep.events.ContainerFacts;
import dev.skep.events.ContainerJson;
import dev.skep.events.Pod;
import dev.skep.events.ProcessFacts;
import dev.skep.events.TracedContainer;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes pod and container of a process. They are encoded once for each container and whenever
 * something about it changes. One thread.
 */
final class PodJson {
  /** Of the container's id, in the field {@code docker}: so many its clients know. */
  private static final int DOCKER_LENGTH = 31;

  private static final SerializedString POD = new SerializedString("pod");
  private static final SerializedString NAMESPACE = new SerializedString("namespace");
  private static final SerializedString NAME = new SerializedString("name");
  private static final SerializedString UID = new SerializedString("uid");
  private static final SerializedString CONTAINER = new SerializedString("container");
  private static final SerializedString ID = new SerializedString("id");
  private static final SerializedString IMAGE = new SerializedString("image");
  private static final SerializedString START_TIME = new SerializedString("start_time");
  private static final byte[] PID = Line.utf8(",\"pid\":");
  private static final byte[] MAYBE_EXEC_PROBE = Line.utf8(",\"maybe_exec_probe\":true");
  private static final SerializedString SECURITY_CONTEXT = new SerializedString("security_context");
  private static final SerializedString PRIVILEGED = new SerializedString("privileged");
  private static final SerializedString POD_LABELS = new SerializedString("pod_labels");
  private static final SerializedString WORKLOAD = new SerializedString("workload");
  private static final SerializedString WORKLOAD_KIND = new SerializedString("workload_kind");
  private static final SerializedString POD_ANNOTATIONS = new SerializedString("pod_annotations");
  private static final SerializedString DOCKER = new SerializedString("docker");

  private final Function<ContainerFacts, ContainerJson> encoder = this::encode;
  private final JsonLine scratch = new JsonLine();

  /** Within the object of a process that has fields already. */
  void write(Line line, TracedContainer container, ProcessFacts process) {
    var json = container.json(encoder);
    var bytes = json.bytes();
    int from = 0;
    if (json.pidAt() >= 0) {
      from = json.pidAt();
      line.write(bytes, 0, from);
      if (process.namespacePid() != 0) {
        line.write(PID);
        line.unsigned(process.namespacePid());
      }
      var probed = json.of().container();
      if (probed != null && probed.mayProbe(process)) {
        line.write(MAYBE_EXEC_PROBE);
      }
    }
    line.write(bytes, from, bytes.length - from);
  }

  private ContainerJson encode(ContainerFacts facts) {
    try {
      scratch.clear();
      var json = scratch.json();
      json.writeStartObject();
      int pidAt = -1;
      if (facts.pod() != null) {
        json.writeFieldName(POD);
        pidAt = write(facts.pod(), facts.container(), facts.id());
      }
      json.writeFieldName(DOCKER);
      json.writeString(facts.id().substring(0, Math.min(DOCKER_LENGTH, facts.id().length())));
      json.writeEndObject();
      scratch.end();
      var line = scratch.line();
      // The fields alone: what opened the object becomes the comma after those before.
      var bytes = Arrays.copyOf(line.bytes(), line.length() - 1);
      bytes[0] = ',';
      return new ContainerJson(facts, bytes, pidAt);
    } catch (IOException e) {
      throw new AssertionError("writing to memory does not fail", e);
    }
  }

  private int write(Pod pod, @Nullable Container container, String id) throws IOException {
    var json = scratch.json();
    json.writeStartObject();
    scratch.plain(NAMESPACE, pod.namespace());
    scratch.plain(NAME, pod.name());
    scratch.plain(UID, pod.uid());
    json.writeFieldName(CONTAINER);
    int pidAt = write(container == null ? Container.ofId(id) : container);
    write(POD_LABELS, pod.labels());
    scratch.plain(WORKLOAD, pod.workload());
    scratch.plain(WORKLOAD_KIND, pod.workloadKind());
    write(POD_ANNOTATIONS, pod.annotations());
    json.writeEndObject();
    return pidAt;
  }

  private int write(Container container) throws IOException {
    var json = scratch.json();
    json.writeStartObject();
    scratch.plain(ID, container.id());
    scratch.plain(NAME, container.name());
    if (!container.imageId().isEmpty() || !container.image().isEmpty()) {
      json.writeFieldName(IMAGE);
      json.writeStartObject();
      scratch.plain(ID, container.imageId());
      scratch.plain(NAME, container.image());
      json.writeEndObject();
    }
    if (container.startNanos() != 0) {
      scratch.time(START_TIME, container.startNanos());
    }
    int pidAt = scratch.length();
    if (container.privileged()) {
      json.writeFieldName(SECURITY_CONTEXT);
      json.writeStartObject();
      json.writeFieldName(PRIVILEGED);
      json.writeBoolean(true);
      json.writeEndObject();
    }
    json.writeEndObject();
    return pidAt;
  }

  private void write(SerializedString name, Map<String, String> texts) throws IOException {
    if (!texts.isEmpty()) {
      var json = scratch.json();
      json.writeFieldName(name);
      json.writeStartObject();
      for (var text : new TreeMap<>(texts).entrySet()) {
        json.writeStringField(text.getKey(), text.getValue());
      }
      json.writeEndObject();
    }
  }
}
