package dev.skep.events.json;

import com.fasterxml.jackson.core.io.SerializedString;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessRef;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.Function;

/**
 * Writes the process of an event. All that stays the same from event to event is encoded once for
 * each process and copied from then on; that is most of a line. One thread.
 */
final class ProcessJson {
  private static final SerializedString EXEC_ID = new SerializedString("exec_id");
  private static final SerializedString PID = new SerializedString("pid");
  private static final SerializedString UID = new SerializedString("uid");
  private static final SerializedString CWD = new SerializedString("cwd");
  private static final SerializedString BINARY = new SerializedString("binary");
  private static final SerializedString ARGUMENTS = new SerializedString("arguments");
  private static final SerializedString FLAGS = new SerializedString("flags");
  private static final SerializedString START_TIME = new SerializedString("start_time");
  private static final SerializedString AUID = new SerializedString("auid");
  private static final SerializedString PARENT_EXEC_ID = new SerializedString("parent_exec_id");
  private static final SerializedString REFCNT = new SerializedString("refcnt");
  private static final SerializedString TID = new SerializedString("tid");
  private static final SerializedString IN_INIT_TREE = new SerializedString("in_init_tree");

  private static final int BEFORE_EXEC_ID = "{\"exec_id\":".length();

  private final Function<ProcessFacts, byte[]> encoder = this::encode;
  private final JsonLine scratch = new JsonLine();

  void write(JsonLine out, ProcessRef process) throws IOException {
    var json = out.json();
    json.writeStartObject();
    out.encoded(EXEC_ID, process.process().json(encoder));
    out.plain(REFCNT, process.refcnt());
    json.writeFieldName(TID);
    out.unsigned(process.tid());
    var inInitTree = process.process().facts().inInitTree();
    if (inInitTree != null) {
      json.writeFieldName(IN_INIT_TREE);
      json.writeBoolean(inInitTree);
    }
    json.writeEndObject();
  }

  /** The value of {@code exec_id} and the fields after it, up to those that change. */
  private byte[] encode(ProcessFacts facts) {
    try {
      scratch.clear();
      var json = scratch.json();
      json.writeStartObject();
      scratch.plain(EXEC_ID, facts.execId());
      json.writeFieldName(PID);
      scratch.unsigned(facts.pid());
      json.writeFieldName(UID);
      scratch.unsigned(facts.uid());
      scratch.plain(CWD, facts.cwd());
      scratch.plain(BINARY, facts.binary());
      scratch.plain(ARGUMENTS, facts.arguments());
      scratch.plain(FLAGS, facts.flags());
      scratch.time(START_TIME, facts.startNanos());
      json.writeFieldName(AUID);
      scratch.unsigned(facts.auid());
      scratch.plain(PARENT_EXEC_ID, facts.parentExecId());
      json.writeEndObject();
      var line = scratch.line();
      return Arrays.copyOfRange(line.bytes(), BEFORE_EXEC_ID, line.length() - "}".length());
    } catch (IOException e) {
      throw new AssertionError("writing to memory does not fail", e);
    }
  }
}
