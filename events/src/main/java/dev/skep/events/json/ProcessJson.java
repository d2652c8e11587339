package dev.skep.events.json;

import com.fasterxml.jackson.core.io.SerializedString;
import dev.skep.events.BinaryProperties;
import dev.skep.events.EnvironmentVariable;
import dev.skep.events.FactsJson;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessRef;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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
  private static final byte[] REFCNT = Line.utf8(",\"refcnt\":");
  private static final SerializedString CAP = new SerializedString("cap");
  private static final SerializedString NS = new SerializedString("ns");
  private static final byte[] TID = Line.utf8(",\"tid\":");
  private static final SerializedString PROCESS_CREDENTIALS =
      new SerializedString("process_credentials");
  private static final byte[] BINARY_PROPERTIES = Line.utf8(",\"binary_properties\":");
  private static final SerializedString USER = new SerializedString("user");
  private static final SerializedString NAME = new SerializedString("name");
  private static final SerializedString IN_INIT_TREE = new SerializedString("in_init_tree");
  private static final SerializedString ENVIRONMENT_VARIABLES =
      new SerializedString("environment_variables");
  private static final SerializedString KEY = new SerializedString("Key");
  private static final SerializedString VALUE = new SerializedString("Value");

  private final Function<ProcessFacts, FactsJson> encoder = this::encode;
  private final JsonLine scratch = new JsonLine();
  private final PodJson containers = new PodJson();

  /** Writes a process as the value of a field, or as an element of an array, that is begun. */
  void write(JsonLine out, ProcessRef process, @Nullable BinaryProperties binaryProperties)
      throws IOException {
    var facts = process.process().json(encoder);
    var bytes = facts.bytes();
    var line = out.encodedValue();
    line.write(bytes, 0, facts.podAt());
    if (process.container() != null) {
      containers.write(line, process.container(), process.process().facts());
    }
    line.write(bytes, facts.podAt(), facts.refcntAt() - facts.podAt());
    if (process.refcnt() != 0) {
      line.write(REFCNT);
      line.unsigned(process.refcnt());
    }
    line.write(bytes, facts.refcntAt(), facts.tidAt() - facts.refcntAt());
    line.write(TID);
    line.unsigned(process.tid());
    line.write(bytes, facts.tidAt(), facts.binaryPropertiesAt() - facts.tidAt());
    if (binaryProperties != null) {
      line.write(BINARY_PROPERTIES);
      scratch.clear();
      CredentialsJson.write(scratch, binaryProperties);
      var special = scratch.line();
      line.write(special.bytes(), 0, special.length());
    }
    line.write(bytes, facts.binaryPropertiesAt(), bytes.length - facts.binaryPropertiesAt());
  }

  private FactsJson encode(ProcessFacts facts) {
    try {
      scratch.clear();
      var json = scratch.json();
      json.writeStartObject();
      scratch.plain(EXEC_ID, facts.execId());
      scratch.unsigned(PID, facts.pid());
      scratch.unsigned(UID, facts.uid());
      scratch.plain(CWD, facts.cwd());
      scratch.plain(BINARY, facts.binary());
      scratch.plain(ARGUMENTS, facts.arguments());
      scratch.plain(FLAGS, facts.flags());
      scratch.time(START_TIME, facts.startNanos());
      scratch.unsigned(AUID, facts.auid());
      int podAt = scratch.length();
      scratch.plain(PARENT_EXEC_ID, facts.parentExecId());
      int refcntAt = scratch.length();
      if (facts.capabilities() != null) {
        json.writeFieldName(CAP);
        CredentialsJson.write(scratch, facts.capabilities());
      }
      if (facts.namespaces() != null) {
        json.writeFieldName(NS);
        NamespaceJson.write(scratch, facts.namespaces());
      }
      int tidAt = scratch.length();
      if (facts.credentials() != null) {
        json.writeFieldName(PROCESS_CREDENTIALS);
        CredentialsJson.write(scratch, facts.credentials());
      }
      int binaryPropertiesAt = scratch.length();
      if (facts.user() != null) {
        json.writeFieldName(USER);
        json.writeStartObject();
        scratch.plain(NAME, facts.user());
        json.writeEndObject();
      }
      if (facts.inInitTree() != null) {
        json.writeFieldName(IN_INIT_TREE);
        json.writeBoolean(facts.inInitTree());
      }
      write(facts.environment());
      json.writeEndObject();
      var line = scratch.line();
      return new FactsJson(
          Arrays.copyOf(line.bytes(), line.length()), podAt, refcntAt, tidAt, binaryPropertiesAt);
    } catch (IOException e) {
      throw new AssertionError("writing to memory does not fail", e);
    }
  }

  private void write(List<EnvironmentVariable> environment) throws IOException {
    if (!environment.isEmpty()) {
      var json = scratch.json();
      json.writeFieldName(ENVIRONMENT_VARIABLES);
      json.writeStartArray();
      for (var variable : environment) {
        json.writeStartObject();
        scratch.plain(KEY, variable.key());
        scratch.plain(VALUE, variable.value());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
  }
}
