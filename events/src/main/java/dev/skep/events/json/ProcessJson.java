package dev.skep.events.json;

import com.fasterxml.jackson.core.io.SerializedString;
import dev.skep.events.BinaryProperties;
import dev.skep.events.EnvironmentVariable;
import dev.skep.events.FactsJson;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessRef;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes the process of an event. All that stays the same from event to event is encoded once for
 * each process and copied from then on; that is most of a line. One thread.
 */
final class ProcessJson {
  private static final byte[] EXEC_ID = Line.utf8("{\"exec_id\":");
  private static final byte[] PID = Line.field("pid");
  private static final byte[] UID = Line.field("uid");
  private static final byte[] CWD = Line.field("cwd");
  private static final byte[] BINARY = Line.field("binary");
  private static final byte[] ARGUMENTS = Line.field("arguments");
  private static final byte[] FLAGS = Line.field("flags");
  private static final byte[] START_TIME = Line.utf8(",\"start_time\":\"");
  private static final byte[] AUID = Line.utf8("\",\"auid\":");
  private static final byte[] PARENT_EXEC_ID = Line.field("parent_exec_id");
  private static final byte[] REFCNT = Line.field("refcnt");
  private static final byte[] CAP = Line.field("cap");
  private static final byte[] NS = Line.field("ns");
  private static final byte[] TID = Line.field("tid");
  private static final byte[] PROCESS_CREDENTIALS = Line.field("process_credentials");
  private static final byte[] BINARY_PROPERTIES = Line.field("binary_properties");
  private static final byte[] USER = Line.field("user");
  private static final SerializedString NAME = new SerializedString("name");
  private static final byte[] IN_INIT_TREE = Line.utf8(",\"in_init_tree\":true");
  private static final byte[] NOT_IN_INIT_TREE = Line.utf8(",\"in_init_tree\":false");
  private static final byte[] ENVIRONMENT_VARIABLES = Line.field("environment_variables");
  private static final SerializedString KEY = new SerializedString("Key");
  private static final SerializedString VALUE = new SerializedString("Value");

  private final Function<ProcessFacts, FactsJson> encoder = this::encode;
  private final JsonLine scratch = new JsonLine();
  private final PodJson containers = new PodJson();

  void write(Line line, ProcessRef process, @Nullable BinaryProperties binaryProperties)
      throws IOException {
    var facts = process.process().json(encoder);
    var bytes = facts.bytes();
    int from = 0;
    if (process.container() != null) {
      line.write(bytes, from, facts.podAt());
      containers.write(line, process.container(), process.process().facts());
      from = facts.podAt();
    }
    if (process.refcnt() != 0) {
      line.write(bytes, from, facts.refcntAt() - from);
      line.write(REFCNT);
      line.unsigned(process.refcnt());
      from = facts.refcntAt();
    }
    line.write(bytes, from, facts.tidAt() - from);
    line.write(TID);
    line.unsigned(process.tid());
    from = facts.tidAt();
    if (binaryProperties != null) {
      line.write(bytes, from, facts.binaryPropertiesAt() - from);
      line.write(BINARY_PROPERTIES);
      scratch.clear();
      CredentialsJson.write(scratch, binaryProperties);
      scratch.end();
      line.write(scratch.line().bytes(), 0, scratch.line().length());
      from = facts.binaryPropertiesAt();
    }
    line.write(bytes, from, bytes.length - from);
  }

  private FactsJson encode(ProcessFacts facts) {
    try {
      scratch.clear();
      var line = scratch.line();
      line.write(EXEC_ID);
      scratch.text(facts.execId());
      line.write(PID);
      line.unsigned(facts.pid());
      line.write(UID);
      line.unsigned(facts.uid());
      scratch.plain(CWD, facts.cwd());
      scratch.plain(BINARY, facts.binary());
      scratch.plain(ARGUMENTS, facts.arguments());
      scratch.plain(FLAGS, facts.flags());
      line.write(START_TIME);
      scratch.time(facts.startNanos());
      line.write(AUID);
      line.unsigned(facts.auid());
      int podAt = line.length();
      scratch.plain(PARENT_EXEC_ID, facts.parentExecId());
      int refcntAt = line.length();
      if (facts.capabilities() != null) {
        line.write(CAP);
        CredentialsJson.write(scratch, facts.capabilities());
        scratch.end();
      }
      if (facts.namespaces() != null) {
        line.write(NS);
        NamespaceJson.write(scratch, facts.namespaces());
        scratch.end();
      }
      int tidAt = line.length();
      if (facts.credentials() != null) {
        line.write(PROCESS_CREDENTIALS);
        CredentialsJson.write(scratch, facts.credentials());
        scratch.end();
      }
      int binaryPropertiesAt = line.length();
      if (facts.user() != null) {
        line.write(USER);
        scratch.json().writeStartObject();
        scratch.plain(NAME, facts.user());
        scratch.json().writeEndObject();
        scratch.end();
      }
      if (facts.inInitTree() != null) {
        line.write(facts.inInitTree() ? IN_INIT_TREE : NOT_IN_INIT_TREE);
      }
      write(facts.environment());
      line.write('}');
      return new FactsJson(scratch.copy(), podAt, refcntAt, tidAt, binaryPropertiesAt);
    } catch (IOException e) {
      throw new AssertionError("writing to memory does not fail", e);
    }
  }

  private void write(List<EnvironmentVariable> environment) throws IOException {
    if (!environment.isEmpty()) {
      scratch.line().write(ENVIRONMENT_VARIABLES);
      var json = scratch.json();
      json.writeStartArray();
      for (var variable : environment) {
        json.writeStartObject();
        scratch.plain(KEY, variable.key());
        scratch.plain(VALUE, variable.value());
        json.writeEndObject();
      }
      json.writeEndArray();
      scratch.end();
    }
  }
}
