package dev.skep.events.json;

import com.fasterxml.jackson.core.io.SerializedString;
import dev.skep.events.Action;
import dev.skep.events.Argument;
import dev.skep.events.BinaryProperties;
import dev.skep.events.Event;
import dev.skep.events.ProcessEvent;
import dev.skep.events.ProcessExec;
import dev.skep.events.ProcessExit;
import dev.skep.events.ProcessKprobe;
import dev.skep.events.ProcessRef;
import dev.skep.events.ProcessThrottle;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes events as protobuf's JSON mapping of {@code tetragon.GetEventsResponse} has them, with the
 * fields' original names, in the order of their numbers, one event a line. Characters beyond U+FFFF
 * are written as escapes: then no text can fail. Long-lived; one thread.
 */
public final class EventJson {
  private static final SerializedString PROCESS_EXEC = new SerializedString("process_exec");
  private static final SerializedString PROCESS_EXIT = new SerializedString("process_exit");
  private static final SerializedString PROCESS_KPROBE = new SerializedString("process_kprobe");
  private static final SerializedString PROCESS_THROTTLE = new SerializedString("process_throttle");
  private static final SerializedString NODE_NAME = new SerializedString("node_name");
  private static final SerializedString TIME = new SerializedString("time");
  private static final SerializedString CLUSTER_NAME = new SerializedString("cluster_name");
  private static final SerializedString NODE_LABELS = new SerializedString("node_labels");

  private static final SerializedString PROCESS = new SerializedString("process");
  private static final SerializedString PARENT = new SerializedString("parent");
  private static final SerializedString ANCESTORS = new SerializedString("ancestors");
  private static final SerializedString SIGNAL = new SerializedString("signal");
  private static final SerializedString STATUS = new SerializedString("status");
  private static final SerializedString FUNCTION_NAME = new SerializedString("function_name");
  private static final SerializedString ARGS = new SerializedString("args");
  private static final SerializedString RETURN = new SerializedString("return");
  private static final SerializedString ACTION = new SerializedString("action");
  private static final SerializedString POLICY_NAME = new SerializedString("policy_name");
  private static final SerializedString RETURN_ACTION = new SerializedString("return_action");
  private static final SerializedString MESSAGE = new SerializedString("message");
  private static final SerializedString TAGS = new SerializedString("tags");

  private static final SerializedString TYPE = new SerializedString("type");
  private static final SerializedString CGROUP = new SerializedString("cgroup");

  private static final Map<Action, SerializedString> ACTIONS = new EnumMap<>(Action.class);

  private static final Map<ProcessThrottle.Type, SerializedString> THROTTLE_TYPES =
      new EnumMap<>(ProcessThrottle.Type.class);

  static {
    for (var action : Action.values()) {
      ACTIONS.put(action, new SerializedString("KPROBE_ACTION_" + action));
    }
    for (var type : ProcessThrottle.Type.values()) {
      THROTTLE_TYPES.put(type, new SerializedString("THROTTLE_" + type));
    }
  }

  private final Origin origin;
  private final SerializedString node;
  private JsonLine out = new JsonLine();
  private ProcessJson processes = new ProcessJson();

  public EventJson(Origin origin) {
    this.origin = origin;
    this.node = new SerializedString(origin.node());
  }

  /** Hands one line to {@code lines}. Every event can be written, whatever its texts hold. */
  public void write(Event event, LineConsumer lines) {
    boolean whole = false;
    try {
      out.clear();
      encode(event);
      var line = out.line();
      line.write('\n');
      whole = true;
      lines.write(line.bytes(), 0, line.length());
    } catch (IOException e) {
      throw new AssertionError("writing to memory does not fail", e);
    } finally {
      if (!whole) { // a fault of ours left the generators within an object
        out = new JsonLine();
        processes = new ProcessJson();
      }
    }
  }

  private void encode(Event event) throws IOException {
    var json = out.json();
    json.writeStartObject();
    switch (event) {
      case ProcessExec exec -> {
        begin(PROCESS_EXEC, exec, exec.binaryProperties());
        writeAncestors(exec.ancestors());
        json.writeEndObject();
      }
      case ProcessExit exit -> {
        begin(PROCESS_EXIT, exit, null);
        out.plain(SIGNAL, exit.signal());
        out.plain(STATUS, exit.status());
        out.time(TIME, exit.timeNanos());
        writeAncestors(exit.ancestors());
        json.writeEndObject();
      }
      case ProcessKprobe kprobe -> {
        begin(PROCESS_KPROBE, kprobe, null);
        out.plain(FUNCTION_NAME, kprobe.hook().function());
        writeArguments(kprobe.args());
        if (kprobe.returned() != null) {
          json.writeFieldName(RETURN);
          ArgumentJson.write(out, kprobe.returned());
        }
        writeAction(ACTION, kprobe.action());
        out.plain(POLICY_NAME, kprobe.hook().policy());
        writeAction(RETURN_ACTION, kprobe.returnAction());
        out.plain(MESSAGE, kprobe.hook().message());
        writeTags(kprobe.hook().tags());
        writeAncestors(kprobe.ancestors());
        json.writeEndObject();
      }
      case ProcessThrottle throttle -> {
        json.writeFieldName(PROCESS_THROTTLE);
        json.writeStartObject();
        json.writeFieldName(TYPE);
        json.writeString(THROTTLE_TYPES.get(throttle.type()));
        out.plain(CGROUP, throttle.cgroup());
        json.writeEndObject();
      }
    }
    writeOrigin(event.timeNanos());
    json.writeEndObject();
  }

  private void begin(
      SerializedString kind, ProcessEvent event, @Nullable BinaryProperties binaryProperties)
      throws IOException {
    var json = out.json();
    json.writeFieldName(kind);
    json.writeStartObject();
    json.writeFieldName(PROCESS);
    processes.write(out, event.process(), binaryProperties);
    if (event.parent() != null) {
      json.writeFieldName(PARENT);
      processes.write(out, event.parent(), null);
    }
  }

  private void writeAncestors(List<ProcessRef> ancestors) throws IOException {
    if (!ancestors.isEmpty()) {
      out.json().writeFieldName(ANCESTORS);
      out.json().writeStartArray();
      for (var ancestor : ancestors) {
        processes.write(out, ancestor, null);
      }
      out.json().writeEndArray();
    }
  }

  private void writeArguments(List<Argument> arguments) throws IOException {
    if (!arguments.isEmpty()) {
      out.json().writeFieldName(ARGS);
      out.json().writeStartArray();
      for (var argument : arguments) {
        ArgumentJson.write(out, argument);
      }
      out.json().writeEndArray();
    }
  }

  private void writeAction(SerializedString name, Action action) throws IOException {
    if (action != Action.UNKNOWN) {
      out.json().writeFieldName(name);
      out.json().writeString(ACTIONS.get(action));
    }
  }

  private void writeTags(List<String> tags) throws IOException {
    if (!tags.isEmpty()) {
      out.json().writeFieldName(TAGS);
      out.json().writeStartArray();
      for (var tag : tags) {
        out.json().writeString(tag);
      }
      out.json().writeEndArray();
    }
  }

  private void writeOrigin(long timeNanos) throws IOException {
    var json = out.json();
    if (!origin.node().isEmpty()) {
      json.writeFieldName(NODE_NAME);
      json.writeString(node);
    }
    out.time(TIME, timeNanos);
    out.plain(CLUSTER_NAME, origin.cluster());
    if (!origin.nodeLabels().isEmpty()) {
      json.writeFieldName(NODE_LABELS);
      json.writeStartObject();
      for (var label : origin.nodeLabels().entrySet()) {
        json.writeStringField(label.getKey(), label.getValue());
      }
      json.writeEndObject();
    }
  }
}
