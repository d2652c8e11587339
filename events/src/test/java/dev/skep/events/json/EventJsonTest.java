package dev.skep.events.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.util.JsonFormat;
import dev.skep.events.Action;
import dev.skep.events.Argument;
import dev.skep.events.BinaryProperties;
import dev.skep.events.Bytes;
import dev.skep.events.Capabilities;
import dev.skep.events.Container;
import dev.skep.events.ContainerFacts;
import dev.skep.events.Credentials;
import dev.skep.events.EnvironmentVariable;
import dev.skep.events.Event;
import dev.skep.events.FileProperties;
import dev.skep.events.Hook;
import dev.skep.events.KernelText;
import dev.skep.events.Namespace;
import dev.skep.events.Namespaces;
import dev.skep.events.Pod;
import dev.skep.events.PrivilegesChanged;
import dev.skep.events.ProcessExec;
import dev.skep.events.ProcessExit;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessKprobe;
import dev.skep.events.ProcessLsm;
import dev.skep.events.ProcessRef;
import dev.skep.events.ProcessThrottle;
import dev.skep.events.ProcessTracepoint;
import dev.skep.events.TracedContainer;
import dev.skep.events.TracedProcess;
import dev.skep.events.UserNamespace;
import dev.skep.events.proto.CapabilitiesType;
import dev.skep.events.proto.GetEventsResponse;
import dev.skep.events.proto.SecureBitsType;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  private static final TracedProcess IN_CONTAINER =
      new TracedProcess(inContainer("/bin/busybox", "\"/tmp/is alive\"", "cat"));

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
  void whatIsToldOnDemandStandsWhereItsNumberSays() {
    var host = new Namespace(-67108864, true);
    var own = new Namespace(1, false);
    var nothing = new Capabilities(0, 0, 0);
    var facts =
        new ProcessFacts(
            EXEC_ID,
            45,
            0,
            "",
            "/usr/bin/su",
            "",
            "",
            TIME,
            0,
            "",
            true,
            new Capabilities(0b11, 1L << 40 | 1L << 41 | 1L << 63, 0),
            new Namespaces(
                host,
                own,
                Namespace.NONE,
                own,
                own,
                own,
                Namespace.NONE,
                Namespace.NONE,
                own,
                host),
            new Credentials(
                0, -1, 0, 0, 0, 0, 0, 0, 0x81, nothing, new UserNamespace(0, 0, 0, host)),
            "root",
            List.of(new EnvironmentVariable("A", ""), new EnvironmentVariable("", "b=c")),
            0,
            "");
    var exec =
        new ProcessExec(
            TIME,
            new ProcessRef(new TracedProcess(facts), 2, 45),
            null,
            List.of(ProcessRef.of(ID), ProcessRef.of(ID)),
            new BinaryProperties(
                0,
                null,
                EnumSet.of(
                    PrivilegesChanged.RAISED_EXEC_FILE_SETUID,
                    PrivilegesChanged.RAISED_EXEC_FILE_CAP),
                new FileProperties(-1, 0, "/memfd:x")));

    assertThat(line(exec))
        .isEqualTo(
            """
            {"process_exec":{"process":{"exec_id":"bm9kZToxMjM6NDU=","pid":45,"uid":0,\
            "binary":"/usr/bin/su","start_time":"2026-01-02T03:04:05.000060Z","auid":0,"refcnt":2,\
            "cap":{"permitted":["CAP_CHOWN","DAC_OVERRIDE"],"effective":["CAP_CHECKPOINT_RESTORE"]},\
            "ns":{"uts":{"inum":4227858432,"is_host":true},"ipc":{"inum":1},"pid":{"inum":1},\
            "pid_for_children":{"inum":1},"net":{"inum":1},"cgroup":{"inum":1},\
            "user":{"inum":4227858432,"is_host":true}},"tid":45,\
            "process_credentials":{"uid":0,"gid":4294967295,"euid":0,"egid":0,"suid":0,"sgid":0,\
            "fsuid":0,"fsgid":0,"securebits":["SecBitNoRoot","SecBitNoCapAmbientRaiseLocked"],\
            "caps":{},"user_ns":{"level":0,"uid":0,"gid":0,\
            "ns":{"inum":4227858432,"is_host":true}}},\
            "binary_properties":{"setuid":0,\
            "privileges_changed":["PRIVILEGES_RAISED_EXEC_FILE_CAP",\
            "PRIVILEGES_RAISED_EXEC_FILE_SETUID"],\
            "file":{"inode":{"number":"18446744073709551615","links":0},"path":"/memfd:x"}},\
            "user":{"name":"root"},"in_init_tree":true,\
            "environment_variables":[{"Key":"A"},{"Value":"b=c"}]},\
            "ancestors":[%1$s"tid":45,"in_init_tree":false},%1$s"tid":45,"in_init_tree":false}]},\
            "node_name":"n1","time":"2026-01-02T03:04:05.000060Z"}
            """
                .formatted(ID_JSON));
  }

  @Test
  void aProcessOfAPodIsToldWithWhatIsKnownByThen() {
    var id = "0123456789abcdef".repeat(4);
    var container = new TracedContainer(new ContainerFacts(id, null, null), true);
    var exec = new ProcessExec(TIME, new ProcessRef(IN_CONTAINER, container, 1, 45), null);

    assertThat(line(exec))
        .contains("\"auid\":0,\"docker\":\"0123456789abcdef0123456789abcde\",\"refcnt\":1");

    var pod =
        new Pod(
            "shop",
            "till-7d4b9-x2x",
            "8c51ea3e-9aa7-4d53-8fa3-30a5b1b0b8a1",
            Map.of("app", "till", "a", "b"),
            "till",
            "Deployment",
            Map.of());
    container.learn(new ContainerFacts(id, pod, null));
    assertThat(line(exec))
        .contains("\"container\":{\"id\":\"" + id + "\",\"pid\":7},\"pod_labels\"");

    container.learn(
        new ContainerFacts(
            id,
            pod,
            new Container(
                "containerd://" + id,
                "main",
                "docker.io/library/till@sha256:11",
                "till:1",
                TIME,
                true,
                List.of(Container.Probe.of(List.of("cat", "/tmp/is alive"))))));
    assertThat(line(exec))
        .isEqualTo(
            """
            {"process_exec":{"process":{"exec_id":"bm9kZToxMjM6NDU=","pid":45,"uid":0,\
            "binary":"/bin/busybox","arguments":"\\"/tmp/is alive\\"",\
            "start_time":"2026-01-02T03:04:05.000060Z","auid":0,\
            "pod":{"namespace":"shop","name":"till-7d4b9-x2x",\
            "uid":"8c51ea3e-9aa7-4d53-8fa3-30a5b1b0b8a1",\
            "container":{"id":"containerd://%s","name":"main",\
            "image":{"id":"docker.io/library/till@sha256:11","name":"till:1"},\
            "start_time":"2026-01-02T03:04:05.000060Z","pid":7,"maybe_exec_probe":true,\
            "security_context":{"privileged":true}},\
            "pod_labels":{"a":"b","app":"till"},"workload":"till","workload_kind":"Deployment"},\
            "docker":"0123456789abcdef0123456789abcde","refcnt":1,"tid":45}},\
            "node_name":"n1","time":"2026-01-02T03:04:05.000060Z"}
            """
                .formatted(id));
  }

  @ParameterizedTest
  @CsvSource({
    "/bin/cat, '', /tmp/a, true",
    "/usr/bin/busybox, /bin/cat, /tmp/a, true",
    "/usr/bin/busybox, '', /tmp/a, false",
    "/bin/cat, '', /tmp/b, false",
    "/bin/cat, '', '', false",
    "/bin/dog, '', /tmp/a, false",
  })
  void aProbeIsKnownByItsNameAndItsArguments(
      String binary, String calledAs, String arguments, boolean probe) {
    var container =
        new Container(
            "id",
            "main",
            "",
            "",
            0,
            false,
            List.of(
                Container.Probe.of(List.of("true", "x")),
                Container.Probe.of(List.of("/sbin/cat", "/tmp/a"))));

    assertThat(container.mayProbe(inContainer(binary, arguments, calledAs))).isEqualTo(probe);
  }

  private static ProcessFacts inContainer(String binary, String arguments, String calledAs) {
    return new ProcessFacts(
        EXEC_ID, 45, 0, "", binary, arguments, "", TIME, 0, "", null, null, null, null, null,
        List.of(), 7, calledAs);
  }

  @Test
  void everyBitOfCapabilitiesAndSecurebitsHasItsWireName() throws IOException {
    var all = new Capabilities(-1, 0, 0);
    var credentials =
        new Credentials(
            0, 0, 0, 0, 0, 0, 0, 0, -1, all, new UserNamespace(0, 0, 0, Namespace.NONE));
    var facts =
        new ProcessFacts(
            EXEC_ID,
            1,
            0,
            "",
            "",
            "",
            "",
            TIME,
            0,
            "",
            null,
            null,
            null,
            credentials,
            null,
            List.of(),
            0,
            "");
    var read = read(line(new ProcessExec(TIME, ProcessRef.of(new TracedProcess(facts)), null)));

    var told = read.getProcessExec().getProcess().getProcessCredentials();
    assertThat(told.getCaps().getPermittedList().stream().map(CapabilitiesType::getNumber))
        .containsExactlyElementsOf(IntStream.rangeClosed(0, 40).boxed().toList());
    assertThat(told.getSecurebitsList().stream().map(SecureBitsType::getNumber))
        .containsExactly(1, 2, 4, 8, 16, 32, 64, 128);
  }

  @Test
  void aThrottleBelongsToACgroupAndToNoProcess() {
    assertThat(line(new ProcessThrottle(TIME, ProcessThrottle.Type.START, "pod1")))
        .isEqualTo(
            """
            {"process_throttle":{"type":"THROTTLE_START","cgroup":"pod1"},\
            "node_name":"n1","time":"2026-01-02T03:04:05.000060Z"}
            """);
  }

  @Test
  void anLsmHookHasItsFieldsInTheOrderOfTheirNumbers() {
    var lsm =
        new ProcessLsm(
            TIME,
            new ProcessRef(ID, 0, 45),
            null,
            new Hook("file_open", "p1", "m", List.of("a")),
            List.of(new Argument.FileArg("", "/etc/passwd", "", "", "")),
            Action.OVERRIDE,
            List.of());

    assertThat(line(lsm))
        .isEqualTo(
            """
            {"process_lsm":{"process":%s"tid":45,"in_init_tree":false},\
            "function_name":"file_open","policy_name":"p1","message":"m",\
            "args":[{"file_arg":{"path":"/etc/passwd"}}],"action":"KPROBE_ACTION_OVERRIDE",\
            "tags":["a"]},"node_name":"n1","time":"2026-01-02T03:04:05.000060Z"}
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

  @Test
  void aTracepointIsWrittenWithItsSubsystemAndSystemCallsWithTheirAbi() {
    var tracepoint =
        new ProcessTracepoint(
            TIME,
            new ProcessRef(ID, 0, 45),
            null,
            "raw_syscalls",
            new Hook("sys_enter", "p1", "m", List.of("a")),
            List.of(
                new Argument.SyscallArg(59, "x64", "call"), new Argument.SyscallArg(0, "i386", "")),
            Action.POST,
            List.of());

    assertThat(line(tracepoint))
        .isEqualTo(
            """
            {"process_tracepoint":{"process":%s"tid":45,"in_init_tree":false},\
            "subsys":"raw_syscalls","event":"sys_enter","args":[\
            {"label":"call","syscall_id":{"id":59,"abi":"x64"}},{"syscall_id":{"abi":"i386"}}],\
            "policy_name":"p1","action":"KPROBE_ACTION_POST","message":"m","tags":["a"]},\
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
    var path =
        new byte[] {
          '/',
          'a',
          '\n',
          '/',
          (byte) 0xc3,
          '(',
          (byte) 0xff,
          0,
          (byte) 0xed,
          (byte) 0xa0,
          (byte) 0xbd
        };
    var argument = new Argument.StringArg(KernelText.of(path), "");

    assertThat(line(kprobe("m", argument)))
        .contains("{\"string_arg\":\"/a\\n/\uFFFD(\uFFFD\\u0000\uFFFD\"}");
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
      var read = read(line);
      var written = JsonFormat.printer().preservingProtoFieldNames().print(read);

      // As trees, for protobuf escapes more than it must; as text again, for the order counts.
      assertThat(tree(line)).isEqualTo(tree(written));
      assertThat(line).endsWith("}\n").hasLineCount(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\0", "a\nb", "\ud83d", "\udc1d\ud83d", "\u0085\u2028", "\uFFFD", "\"}\\"})
  void noTextAnywhereKeepsAnEventFromBeingReadWhole(String text) throws IOException {
    var shown = KernelText.of(text.getBytes(UTF_8)); // what the kernel tells comes this way
    var facts =
        new ProcessFacts(
            EXEC_ID,
            1,
            0,
            shown,
            shown,
            shown,
            shown,
            TIME,
            0,
            shown,
            null,
            null,
            null,
            null,
            text,
            List.of(new EnvironmentVariable(shown, shown)),
            1,
            shown);
    var texts = Map.of("a" + text, text);
    var container =
        new TracedContainer(
            new ContainerFacts(
                "id" + text,
                new Pod(text, text, text, texts, text, text, texts),
                new Container(text, text, text, text, 0, true, List.of())),
            true);
    var process = new ProcessRef(new TracedProcess(facts), container, 0, 1);
    var kprobe =
        new ProcessKprobe(
            TIME,
            process,
            process,
            new Hook(text, text, text, List.of(text)),
            List.of(
                new Argument.StringArg(shown, text),
                new Argument.FileArg(shown, shown, shown, shown, text),
                new Argument.ErrorArg(text, text)),
            null,
            Action.POST,
            Action.POST,
            List.of(process));
    var exec =
        new ProcessExec(
            TIME,
            process,
            null,
            List.of(),
            new BinaryProperties(null, null, Set.of(), new FileProperties(1, 0, shown)));
    var throttle = new ProcessThrottle(TIME, ProcessThrottle.Type.STOP, shown);
    var anywhere = new EventJson(new Origin(text, text, Map.of("a" + text, text)));

    for (var event : List.of(kprobe, exec, throttle)) {
      var line = line(anywhere, event);
      assertThat(line).endsWith("}\n").hasLineCount(1);
      var read = read(line);
      assertThat(GetEventsResponse.parseFrom(read.toByteArray())).isEqualTo(read);
      assertThat(read.getNodeName()).isEqualTo(shown);
      assertThat(read.getNodeLabelsMap()).containsEntry("a" + shown, shown);
    }
    var read = read(line(anywhere, kprobe)).getProcessKprobe();
    assertThat(read.getProcess().getArguments()).isEqualTo(shown);
    assertThat(read.getProcess().getUser().getName()).isEqualTo(shown);
    assertThat(read.getProcess().getEnvironmentVariables(0).getKey()).isEqualTo(shown);
    assertThat(read.getArgs(0).getStringArg()).isEqualTo(shown);
    assertThat(read.getArgs(1).getFileArg().getPath()).isEqualTo(shown);
    assertThat(read.getTags(0)).isEqualTo(shown);
    assertThat(read.getProcess().getPod().getPodLabelsMap()).containsEntry("a" + shown, shown);
    assertThat(read.getProcess().getPod().getContainer().getImage().getName()).isEqualTo(shown);
    assertThat(read(line(anywhere, throttle)).getProcessThrottle().getCgroup()).isEqualTo(shown);
  }

  private static GetEventsResponse read(String line) throws IOException {
    var read = GetEventsResponse.newBuilder();
    JsonFormat.parser().merge(line, read);
    return read.build();
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
