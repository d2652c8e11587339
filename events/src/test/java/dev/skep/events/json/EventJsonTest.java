package dev.skep.events.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.util.JsonFormat;
import dev.skep.events.Action;
import dev.skep.events.Argument;
import dev.skep.events.Bytes;
import dev.skep.events.Event;
import dev.skep.events.Hook;
import dev.skep.events.KernelText;
import dev.skep.events.ProcessExec;
import dev.skep.events.ProcessExit;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessKprobe;
import dev.skep.events.ProcessRef;
import dev.skep.events.TracedProcess;
import dev.skep.events.proto.GetEventsResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventJsonTest {
  private static final long TIME = nanos("2026-01-02T03:04:05.000060Z");
  private static final String EXEC_ID = "bm9kZToxMjM6NDU=";
  private static final TracedProcess ID =
      new TracedProcess(
          new ProcessFacts(
              EXEC_ID,
              45,
              0,
              "/",
              "/usr/bin/id",
              "-u \"a b\" é <&>",
              "execve rootcwd clone",
              TIME,
              -1,
              "bm9kZToxMjA6NDQ=",
              false));
  private static final String ID_JSON =
      """
      {"exec_id":"bm9kZToxMjM6NDU=","pid":45,"uid":0,"cwd":"/","binary":"/usr/bin/id",\
      "arguments":"-u \\"a b\\" é <&>","flags":"execve rootcwd clone",\
      "start_time":"2026-01-02T03:04:05.000060Z","auid":4294967295,\
      "parent_exec_id":"bm9kZToxMjA6NDQ=",\
      """;

  private final EventJson json = new EventJson(Origin.of("n1"));

  @Test
  void anExecIsWrittenAsClientsKnowIt() {
    var exec = new ProcessExec(TIME, new ProcessRef(ID, 1, 45), null);

    assertThat(line(exec))
        .isEqualTo(
            """
            {"process_exec":{"process":%s"refcnt":1,"tid":45,"in_init_tree":false}},\
            "node_name":"n1","time":"2026-01-02T03:04:05.000060Z"}
            """
                .formatted(ID_JSON));
  }

  @Test
  void aParentIsWrittenFromTheSameBytesWithItsOwnThread() {
    var exit = new ProcessExit(TIME, new ProcessRef(ID, 0, 46), ProcessRef.of(ID), "SIGKILL", 0);

    assertThat(line(exit))
        .isEqualTo(
            """
            {"process_exit":{"process":%1$s"tid":46,"in_init_tree":false},\
            "parent":%1$s"tid":45,"in_init_tree":false},\
            "signal":"SIGKILL","time":"2026-01-02T03:04:05.000060Z"},\
            "node_name":"n1","time":"2026-01-02T03:04:05.000060Z"}
            """
                .formatted(ID_JSON));
  }

  @Test
  void argumentsAreWrittenEvenAtZeroAndInTheirOwnTypes() {
    var kprobe =
        new ProcessKprobe(
            TIME,
            new ProcessRef(ID, 0, 45),
            null,
            new Hook("__x64_sys_write", "p1", "m", List.of("a")),
            List.of(
                new Argument.FileArg("", "/etc/passwd", "", "-rw-r--r--", ""),
                new Argument.BytesArg(Bytes.owning(new byte[] {'h', 'i', 0, (byte) 0xff}), "buf"),
                new Argument.SizeArg(4, ""),
                new Argument.LongArg(-1, ""),
                new Argument.SizeArg(-1, ""),
                new Argument.UintArg(-1, ""),
                new Argument.IntArg(0, ""),
                new Argument.StringArg("", ""),
                new Argument.TruncatedBytesArg(Bytes.EMPTY, 0, ""),
                new Argument.ErrorArg("page not present", "path")),
            new Argument.IntArg(-9, ""),
            Action.SIGKILL,
            Action.POST);

    assertThat(line(kprobe))
        .isEqualTo(
            """
            {"process_kprobe":{"process":%s"tid":45,"in_init_tree":false},\
            "function_name":"__x64_sys_write","args":[\
            {"file_arg":{"path":"/etc/passwd","permission":"-rw-r--r--"}},\
            {"bytes_arg":"aGkA/w==","label":"buf"},{"size_arg":"4"},{"long_arg":"-1"},\
            {"size_arg":"18446744073709551615"},{"uint_arg":4294967295},{"int_arg":0},\
            {"string_arg":""},{"truncated_bytes_arg":{}},\
            {"label":"path","error_arg":{"Message":"page not present"}}],"return":{"int_arg":-9},\
            "action":"KPROBE_ACTION_SIGKILL","policy_name":"p1",\
            "return_action":"KPROBE_ACTION_POST","message":"m","tags":["a"]},\
            "node_name":"n1","time":"2026-01-02T03:04:05.000060Z"}
            """
                .formatted(ID_JSON));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999999Z",
        "2026-02-28T23:59:59Z",
        "2026-02-28T23:59:59.100Z",
        "2026-02-28T23:59:59.000100Z",
        "2026-02-28T23:59:59.000000001Z",
        "2262-04-11T23:47:16.854775807Z",
      })
  void timesHaveAsFewDigitsAsHoldThem(String time) {
    var exec = new ProcessExec(nanos(time), ProcessRef.of(ID), null);

    assertThat(line(exec)).endsWith(",\"time\":\"" + time + "\"}\n");
  }

  @Test
  void bytesThatAreNotUtf8AreShownAndLoseNothingElse() {
    var path = new byte[] {'/', 't', 'm', 'p', '/', (byte) 0xc3, '(', (byte) 0xff};
    var argument = new Argument.StringArg(KernelText.of(path), "");

    assertThat(line(kprobe("m", argument))).contains("{\"string_arg\":\"/tmp/\uFFFD(\uFFFD\"}");
  }

  @Test
  void halfASurrogatePairInAPolicyDoesNotCostItsEvents() {
    assertThat(line(kprobe("half \ud83d", new Argument.IntArg(0, ""))))
        .contains("\"message\":\"half ?\"");
  }

  @Test
  void anEventThatBreaksLeavesTheNextOneWhole() {
    var good = kprobe("m", new Argument.IntArg(1, ""));
    var before = line(good);
    var broken =
        new ProcessKprobe(
            TIME,
            ProcessRef.of(ID),
            null,
            good.hook(),
            Collections.singletonList(null),
            null,
            Action.POST,
            Action.UNKNOWN);

    assertThatThrownBy(() -> line(broken)).isInstanceOf(NullPointerException.class);

    assertThat(line(good)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void protobufReadsEveryLineAndWritesTheSame(long seed) throws IOException {
    var events = new RandomEvents(seed);
    var labelled = new EventJson(new Origin("n1", "c1", Map.of("zone", "a")));

    for (int i = 0; i < 150; i++) {
      var line = line(seed % 2 == 0 ? labelled : json, events.event());
      var read = GetEventsResponse.newBuilder();
      JsonFormat.parser().merge(line, read);
      var written = JsonFormat.printer().preservingProtoFieldNames().print(read);

      // As trees, for protobuf escapes more than it must; as text again, for the order counts.
      assertThat(tree(line)).isEqualTo(tree(written));
      assertThat(line).endsWith("}\n").hasLineCount(1);
    }
  }

  private static String tree(String json) throws IOException {
    return new ObjectMapper().readTree(json).toString();
  }

  private static ProcessKprobe kprobe(String message, Argument argument) {
    return new ProcessKprobe(
        TIME,
        ProcessRef.of(ID),
        null,
        new Hook("__x64_sys_write", "p1", message, List.of()),
        List.of(argument),
        null,
        Action.POST,
        Action.UNKNOWN);
  }

  private String line(Event event) {
    return line(json, event);
  }

  private static String line(EventJson json, Event event) {
    var line = new StringBuilder();
    json.write(
        event, (bytes, offset, length) -> line.append(new String(bytes, offset, length, UTF_8)));
    return line.toString();
  }

  private static long nanos(String time) {
    return Duration.between(Instant.EPOCH, Instant.parse(time)).toNanos();
  }
}
