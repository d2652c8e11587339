package dev.skep.events.json;

import static java.util.Objects.requireNonNull;

import dev.skep.events.Action;
import dev.skep.events.Argument;
import dev.skep.events.BinaryProperties;
import dev.skep.events.Event;
import dev.skep.events.ProcessEvent;
import dev.skep.events.ProcessExec;
import dev.skep.events.ProcessExit;
import dev.skep.events.ProcessKprobe;
import dev.skep.events.ProcessLsm;
import dev.skep.events.ProcessRef;
import dev.skep.events.ProcessThrottle;
import dev.skep.events.ProcessTracepoint;
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
  private static final byte[] PROCESS_EXEC = Line.utf8("{\"process_exec\":{\"process\":");
  private static final byte[] PROCESS_EXIT = Line.utf8("{\"process_exit\":{\"process\":");
  private static final byte[] PROCESS_KPROBE = Line.utf8("{\"process_kprobe\":{\"process\":");
  private static final byte[] PROCESS_LSM = Line.utf8("{\"process_lsm\":{\"process\":");
  private static final byte[] PROCESS_TRACEPOINT =
      Line.utf8("{\"process_tracepoint\":{\"process\":");
  private static final byte[] PROCESS_THROTTLE = Line.utf8("{\"process_throttle\":{\"type\":");

  private static final byte[] PARENT = Line.field("parent");
  private static final byte[] ANCESTORS = Line.utf8(",\"ancestors\":[");
  private static final byte[] SIGNAL = Line.field("signal");
  private static final byte[] STATUS = Line.field("status");
  private static final byte[] SUBSYS = Line.field("subsys");
  private static final byte[] EVENT = Line.field("event");
  private static final byte[] FUNCTION_NAME = Line.field("function_name");
  private static final byte[] ARGS = Line.field("args");
  private static final byte[] RETURN = Line.field("return");
  private static final byte[] ACTION = Line.field("action");
  private static final byte[] POLICY_NAME = Line.field("policy_name");
  private static final byte[] RETURN_ACTION = Line.field("return_action");
  private static final byte[] MESSAGE = Line.field("message");
  private static final byte[] TAGS = Line.field("tags");
  private static final byte[] CGROUP = Line.field("cgroup");

  private static final byte[] NODE_NAME = Line.field("node_name");
  private static final byte[] TIME = Line.utf8(",\"time\":\"");
  private static final byte[] CLUSTER_NAME = Line.field("cluster_name");
  private static final byte[] NODE_LABELS = Line.field("node_labels");
  private static final byte[] END = Line.utf8("}\n");

  private static final Map<Action, byte[]> ACTIONS = new EnumMap<>(Action.class);

  private static final Map<ProcessThrottle.Type, byte[]> THROTTLE_TYPES =
      new EnumMap<>(ProcessThrottle.Type.class);

  static {
    for (var action : Action.values()) {
      ACTIONS.put(action, Line.utf8("\"KPROBE_ACTION_" + action + "\""));
    }
    for (var type : ProcessThrottle.Type.values()) {
      THROTTLE_TYPES.put(type, Line.utf8("\"THROTTLE_" + type + "\""));
    }
  }

  /** What stands in every event after its own object, and the time between the two. */
  private final byte[] beforeTime;

  private final byte[] afterTime;
  private JsonLine out = new JsonLine();
  private ProcessJson processes = new ProcessJson();

  public EventJson(Origin origin) {
    try {
      out.plain(NODE_NAME, origin.node());
      out.line().write(TIME);
      beforeTime = out.copy();
      out.clear();
      out.line().write('"');
      out.plain(CLUSTER_NAME, origin.cluster());
      writeLabels(origin.nodeLabels());
      out.line().write(END);
      afterTime = out.copy();
    } catch (IOException e) {
      throw new AssertionError("writing to memory does not fail", e);
    }
  }

  /** Hands one line to {@code lines}. Every event can be written, whatever its texts hold. */
  public void write(Event event, LineConsumer lines) {
    boolean whole = false;
    try {
      out.clear();
      encode(event);
      var line = out.line();
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
    var line = out.line();
    switch (event) {
      case ProcessExec exec -> {
        begin(PROCESS_EXEC, exec, exec.binaryProperties());
        writeAncestors(exec.ancestors());
      }
      case ProcessExit exit -> {
        begin(PROCESS_EXIT, exit, null);
        out.plain(SIGNAL, exit.signal());
        if (exit.status() != 0) {
          line.write(STATUS);
          line.unsigned(exit.status());
        }
        line.write(TIME);
        out.time(exit.timeNanos());
        line.write('"');
        writeAncestors(exit.ancestors());
      }
      case ProcessKprobe kprobe -> {
        begin(PROCESS_KPROBE, kprobe, null);
        out.plain(FUNCTION_NAME, kprobe.hook().function());
        writeArguments(kprobe.args());
        if (kprobe.returned() != null) {
          line.write(RETURN);
          ArgumentJson.write(out, kprobe.returned());
          out.end();
        }
        writeAction(ACTION, kprobe.action());
        out.plain(POLICY_NAME, kprobe.hook().policy());
        writeAction(RETURN_ACTION, kprobe.returnAction());
        out.plain(MESSAGE, kprobe.hook().message());
        writeTags(kprobe.hook().tags());
        writeAncestors(kprobe.ancestors());
      }
      case ProcessLsm lsm -> {
        begin(PROCESS_LSM, lsm, null);
        out.plain(FUNCTION_NAME, lsm.hook().function());
        out.plain(POLICY_NAME, lsm.hook().policy());
        out.plain(MESSAGE, lsm.hook().message());
        writeArguments(lsm.args());
        writeAction(ACTION, lsm.action());
        writeTags(lsm.hook().tags());
        writeAncestors(lsm.ancestors());
      }
      case ProcessTracepoint tracepoint -> {
        begin(PROCESS_TRACEPOINT, tracepoint, null);
        out.plain(SUBSYS, tracepoint.subsystem());
        out.plain(EVENT, tracepoint.hook().function());
        writeArguments(tracepoint.args());
        out.plain(POLICY_NAME, tracepoint.hook().policy());
        writeAction(ACTION, tracepoint.action());
        out.plain(MESSAGE, tracepoint.hook().message());
        writeTags(tracepoint.hook().tags());
        writeAncestors(tracepoint.ancestors());
      }
      case ProcessThrottle throttle -> {
        line.write(PROCESS_THROTTLE);
        line.write(requireNonNull(THROTTLE_TYPES.get(throttle.type())));
        out.plain(CGROUP, throttle.cgroup());
      }
    }
    line.write('}');
    line.write(beforeTime);
    out.time(event.timeNanos());
    line.write(afterTime);
  }

  private void begin(byte[] kind, ProcessEvent event, @Nullable BinaryProperties binaryProperties)
      throws IOException {
    var line = out.line();
    line.write(kind);
    processes.write(line, event.process(), binaryProperties);
    if (event.parent() != null) {
      line.write(PARENT);
      processes.write(line, event.parent(), null);
    }
  }

  private void writeAncestors(List<ProcessRef> ancestors) throws IOException {
    if (!ancestors.isEmpty()) {
      var line = out.line();
      line.write(ANCESTORS);
      for (int i = 0; i < ancestors.size(); i++) {
        if (i > 0) {
          line.write(',');
        }
        processes.write(line, ancestors.get(i), null);
      }
      line.write(']');
    }
  }

  private void writeArguments(List<Argument> arguments) throws IOException {
    if (!arguments.isEmpty()) {
      out.line().write(ARGS);
      out.json().writeStartArray();
      for (var argument : arguments) {
        ArgumentJson.write(out, argument);
      }
      out.json().writeEndArray();
      out.end();
    }
  }

  private void writeAction(byte[] name, Action action) {
    if (action != Action.UNKNOWN) {
      out.line().write(name);
      out.line().write(requireNonNull(ACTIONS.get(action)));
    }
  }

  private void writeTags(List<String> tags) throws IOException {
    if (!tags.isEmpty()) {
      out.line().write(TAGS);
      out.json().writeStartArray();
      for (var tag : tags) {
        out.json().writeString(tag);
      }
      out.json().writeEndArray();
      out.end();
    }
  }

  private void writeLabels(Map<String, String> labels) throws IOException {
    if (!labels.isEmpty()) {
      out.line().write(NODE_LABELS);
      out.json().writeStartObject();
      for (var label : labels.entrySet()) {
        out.json().writeStringField(label.getKey(), label.getValue());
      }
      out.json().writeEndObject();
      out.end();
    }
  }
}
