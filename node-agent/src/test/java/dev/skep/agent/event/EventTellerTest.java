package dev.skep.agent.event;

import static dev.skep.agent.Policies.killWrites;
import static dev.skep.agent.Policies.policy;
import static dev.skep.agent.Policies.syscall;
import static dev.skep.agent.Records.at;
import static dev.skep.agent.Records.buffer;
import static dev.skep.agent.Records.exec;
import static dev.skep.agent.Records.exit;
import static dev.skep.agent.Records.fd;
import static dev.skep.agent.Records.fork;
import static dev.skep.agent.Records.header;
import static dev.skep.agent.Records.hook;
import static dev.skep.agent.Records.key;
import static dev.skep.agent.Records.number;
import static dev.skep.agent.Records.returned;
import static dev.skep.agent.Records.unreadable;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.skep.agent.process.Containers;
import dev.skep.agent.process.HostView;
import dev.skep.agent.process.ProcessCache;
import dev.skep.agent.process.ProcessDetails;
import dev.skep.agent.process.ProcessNames;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Following;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.crds.v1alpha1.Violation;
import dev.skep.events.Action;
import dev.skep.events.Argument;
import dev.skep.events.Bytes;
import dev.skep.events.Event;
import dev.skep.events.ProcessEvent;
import dev.skep.events.ProcessExec;
import dev.skep.events.ProcessExit;
import dev.skep.events.ProcessKprobe;
import dev.skep.events.ProcessLsm;
import dev.skep.events.ProcessThrottle;
import dev.skep.events.ProcessTracepoint;
import dev.skep.policy.Hook;
import dev.skep.policy.Hook.ArgumentType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventTellerTest {
  private static final ProcessKey INIT = key(1, 10);
  private static final ProcessKey SHELL = key(100, 1_000);
  private static final ProcessKey CHILD = key(200, 2_000);

  private static final ProcessNames NAMES =
      new ProcessNames("n", EventTellerTest::wall, ProcessDetails.NONE, HostView.UNKNOWN);

  private final List<ProcessEvent> events = new ArrayList<>();
  private final List<Violation> violations = new ArrayList<>();
  private final List<ProcessThrottle> throttles = new ArrayList<>();
  private final Map<Long, String> cgroups = new HashMap<>();
  private final PolicyBook book = new PolicyBook();
  private final EventTeller teller =
      new EventTeller(
          new ProcessCache(
              NAMES, new ProcessCache.Limits(100, 1 << 20), _ -> Optional.empty(), Containers.NONE),
          NAMES,
          Set.of(),
          id -> Optional.ofNullable(cgroups.get(id)),
          book,
          EventTellerTest::wall,
          () -> 0,
          this::add,
          violations::add);

  @Test
  void theLifeOfAProcessIsToldAndItsIdsResolve() {
    teller.existing(exec(0, SHELL, INIT, "/bin/sh"));
    teller.tell(fork(SHELL, CHILD));
    teller.tell(exec(2_500, CHILD, SHELL, "/bin/id", "-u"));
    teller.tell(exit(2_900, CHILD, 3 << 8));

    assertThat(events)
        .extracting(Object::getClass)
        .containsExactly(ProcessExec.class, ProcessExec.class, ProcessExit.class);
    var shell = events.getFirst().process().process().facts();
    var executed = events.get(1);
    var exited = (ProcessExit) events.get(2);
    assertThat(executed.process().process().facts().parentExecId()).isEqualTo(shell.execId());
    assertThat(Objects.requireNonNull(executed.parent()).process().facts()).isEqualTo(shell);
    assertThat(exited.process().process()).isSameAs(executed.process().process());
    assertThat(exited.status()).isEqualTo(3);
    assertThat(exited.signal()).isEmpty();
    assertThat(exited.timeNanos()).isEqualTo(wall(2_900));
  }

  @Test
  void aProcessThatASignalEndedHasItsNameAndNoStatus() {
    teller.tell(exit(2_900, CHILD, 9 | 0x80));

    assertThat(events)
        .singleElement()
        .isInstanceOfSatisfying(
            ProcessExit.class,
            exit -> {
              assertThat(exit.signal()).isEqualTo("SIGKILL");
              assertThat(exit.status()).isZero();
            });
  }

  @Test
  void aKilledWriteIsAnEventWithItsPolicyAndAViolation() {
    book.put(WatchedPolicy.of(killWrites("uid-1", 1, "/data/ledger"), "__x64_sys_"));
    teller.existing(exec(0, SHELL, INIT, "/bin/sh"));

    teller.tell(
        hook(
            3_000,
            SHELL,
            KernelRecord.Action.SIGNAL,
            9,
            fd(3, "/data/ledger"),
            buffer("lost\n", 5),
            number(ArgumentKind.SIZE, 5)));

    var event = (ProcessKprobe) events.getLast();
    assertThat(event.hook().function()).isEqualTo("__x64_sys_write");
    assertThat(event.hook().policy()).isEqualTo("name-of-uid-1");
    assertThat(event.hook().message()).isEqualTo("a message");
    assertThat(event.hook().tags()).containsExactly("a-tag");
    assertThat(event.action()).isEqualTo(Action.SIGKILL);
    assertThat(event.args())
        .containsExactly(
            new Argument.FileArg("", "/data/ledger", "", "", "file"),
            new Argument.BytesArg(bytes("lost\n"), ""),
            new Argument.SizeArg(5, ""));
    assertThat(violations)
        .containsExactly(
            new Violation(
                "2026-07-14T03:33:20.000003Z",
                "uid-1",
                null,
                null,
                null,
                null,
                100L,
                "/bin/sh",
                "sys_write",
                "/data/ledger",
                "Sigkill",
                true));
  }

  @Test
  void whatMonitorModeHeldBackIsToldAsThePolicySaysAndNotEnforced() {
    book.put(WatchedPolicy.of(killWrites("uid-1", 1, "/data/ledger"), "__x64_sys_"));

    teller.tell(hook(3_000, SHELL, KernelRecord.Action.WOULD_SIGNAL, 15));

    assertThat(((ProcessKprobe) events.getLast()).action()).isEqualTo(Action.SIGNAL);
    assertThat(violations)
        .singleElement()
        .satisfies(violation -> {
          assertThat(violation.action()).isEqualTo("Signal");
          assertThat(violation.enforced()).isFalse();
        });
  }

  @Test
  void anLsmHookIsToldAsSuch() {
    var lsm =
        new Hook(
            0,
            "spec.lsmhooks[0]",
            "file_open",
            new Hook.Place.LsmHook("file_open"),
            List.of(),
            null,
            List.of(),
            "a message",
            List.of());
    book.put(WatchedPolicy.of(policy("uid-1", 1, lsm), "__x64_sys_"));

    teller.tell(hook(3_000, SHELL, KernelRecord.Action.OVERRIDE, 0));

    assertThat(events.getLast())
        .isInstanceOfSatisfying(
            ProcessLsm.class,
            event -> {
              assertThat(event.hook().function()).isEqualTo("file_open");
              assertThat(event.hook().message()).isEqualTo("a message");
              assertThat(event.action()).isEqualTo(Action.OVERRIDE);
            });
    assertThat(violations)
        .extracting(Violation::hook, Violation::action)
        .containsExactly(tuple("file_open", "Override"));
  }

  @Test
  void anEventThatIsOnlyPostedIsNoViolation() {
    teller.tell(hook(3_000, SHELL, KernelRecord.Action.POST, 0));

    assertThat(((ProcessKprobe) events.getLast()).action()).isEqualTo(Action.POST);
    assertThat(violations).isEmpty();
  }

  @Test
  void whatCouldNotBeReadSaysSoAndWhatWasCutSaysHowLongItWas() {
    teller.tell(
        hook(
            3_000,
            SHELL,
            KernelRecord.Action.POST,
            0,
            unreadable(ArgumentKind.FD),
            unreadable(ArgumentKind.STRING),
            unreadable(ArgumentKind.CHAR_BUF),
            buffer("begin", 9_000),
            number(ArgumentKind.INT, 0xffff_ffffL)));

    assertThat(((ProcessKprobe) events.getLast()).args())
        .containsExactly(
            new Argument.ErrorArg("no file behind descriptor 9", ""),
            new Argument.ErrorArg("text not readable", ""),
            new Argument.ErrorArg("buffer not readable", ""),
            new Argument.TruncatedBytesArg(bytes("begin"), 9_000, ""),
            new Argument.IntArg(-1, ""));
  }

  @Test
  void aTracepointIsToldWithItsSubsystemAndWhatCallsAreGivenAsNumbers() {
    var place = new Hook.Place.Tracepoint("raw_syscalls", "sys_enter");
    var hook =
        new Hook(
            0,
            "spec.tracepoints[0]",
            place.call(),
            place,
            List.of(
                new Hook.Argument(4, ArgumentType.SYSCALL64, OptionalInt.empty(), "call"),
                new Hook.Argument(5, ArgumentType.CONST_BUF, OptionalInt.empty(), "given")),
            null,
            List.of(),
            "a message",
            List.of());
    book.put(WatchedPolicy.of(policy("uid-1", 1, hook), "__x64_sys_"));
    var numbers = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder()).putLong(7).putLong(-1);

    teller.tell(
        hook(
            3_000,
            SHELL,
            KernelRecord.Action.SIGNAL,
            9,
            number(ArgumentKind.SYSCALL64, 0x8000_0005L),
            new KernelRecord.Argument(
                ArgumentKind.CONST_BUF, 1, false, false, 16, numbers.array())));

    var event = (ProcessTracepoint) events.getLast();
    assertThat(event.subsystem()).isEqualTo("raw_syscalls");
    assertThat(event.hook().function()).isEqualTo("sys_enter");
    assertThat(event.hook().message()).isEqualTo("a message");
    assertThat(event.action()).isEqualTo(Action.SIGKILL);
    assertThat(event.args())
        .containsExactly(
            new Argument.SyscallArg(5, "i386", "call"),
            new Argument.SizeArg(7, "given"),
            new Argument.SizeArg(-1, "given"));
    assertThat(violations).extracting(Violation::hook).containsExactly("raw_syscalls/sys_enter");
  }

  @Test
  void ofSeveralCallsTheOneIsToldThatWasMade() {
    book.put(watching(7, new Hook.Place.Syscalls(List.of("dup", "dup2"), false)));
    teller.tell(at(33, "", 3_000, SHELL));
    book.put(watching(8, new Hook.Place.Functions(List.of("vfs_unlink", "vfs_rmdir"), true)));
    teller.tell(at(513, "vfs_rmdir", 3_001, SHELL));

    assertThat(events)
        .extracting(event -> ((ProcessKprobe) event).hook().function())
        .containsExactly("__x64_sys_dup2", "vfs_rmdir");
    assertThat(violations)
        .extracting(Violation::hook)
        .containsExactly("__x64_sys_dup2", "vfs_rmdir");
  }

  private static WatchedPolicy watching(long generation, Hook.Place place) {
    var hook =
        new Hook(
            0, "spec.kprobes[0]", "list:x", place, List.of(), null, List.of(), null, List.of());
    return WatchedPolicy.of(policy("uid-1", generation, hook), "__x64_sys_");
  }

  @Test
  void numbersAreToldWithTheirOwnWidthAndSign() {
    teller.tell(
        hook(
            3_000,
            SHELL,
            KernelRecord.Action.POST,
            0,
            number(ArgumentKind.INT8, -1),
            number(ArgumentKind.UINT8, 255),
            number(ArgumentKind.INT16, -2),
            number(ArgumentKind.UINT16, 65_534)));

    assertThat(((ProcessKprobe) events.getLast()).args())
        .containsExactly(
            new Argument.IntArg(-1, ""),
            new Argument.UintArg(255, ""),
            new Argument.IntArg(-2, ""),
            new Argument.UintArg(65_534, ""));
  }

  @ParameterizedTest
  @CsvSource({"INT8, -2", "UINT8, 254", "INT16, 510", "UINT16, 510", "INT, 66046", "UINT32, 66046"})
  void aReturnValueIsToldWithItsOwnWidthAndSign(ArgumentType type, int told) {
    book.put(returning(type));
    teller.tell(hook(3_000, SHELL, KernelRecord.Action.POST, 0, Following.VALUE));

    teller.tell(returned(3_000, SHELL, 0xab_0001_01feL));

    assertThat(((ProcessKprobe) events.getLast()).returned())
        .isEqualTo(
            type.name().startsWith("U")
                ? new Argument.UintArg(told, "error")
                : new Argument.IntArg(told, "error"));
  }

  @Test
  void whatACallReturnsIsPartOfItsEvent() {
    book.put(returning(ArgumentType.INT));

    teller.tell(hook(3_000, SHELL, KernelRecord.Action.POST, 0, Following.VALUE));
    teller.tell(hook(3_001, CHILD, KernelRecord.Action.POST, 0, Following.VALUE));
    assertThat(events).isEmpty();
    teller.tell(returned(3_001, CHILD, -13));
    teller.tell(returned(3_000, SHELL, 5));

    assertThat(events)
        .extracting(Event::timeNanos, event -> ((ProcessKprobe) event).returned())
        .containsExactly(
            tuple(wall(3_001), new Argument.IntArg(-13, "error")),
            tuple(wall(3_000), new Argument.IntArg(5, "error")));
  }

  @Test
  void aCallThatItsReturnDecidesIsToldThenOrNever() {
    book.put(returning(ArgumentType.INT));
    teller.tell(hook(3_000, SHELL, KernelRecord.Action.POST, 0, Following.DECISION));
    teller.tell(hook(3_001, SHELL, KernelRecord.Action.POST, 0, Following.DECISION));
    teller.tell(hook(3_002, SHELL, KernelRecord.Action.POST, 0, Following.DECISION));
    int before = events.size();

    teller.tell(returned(3_000, SHELL, 5, null, 0));
    assertThat(events).hasSize(before);
    teller.tell(returned(3_001, SHELL, -13, KernelRecord.Action.SIGNAL, 9));

    assertThat(events.subList(before, events.size()))
        .singleElement()
        .isInstanceOfSatisfying(
            ProcessKprobe.class,
            event -> {
              assertThat(event.action()).isEqualTo(Action.POST);
              assertThat(event.returnAction()).isEqualTo(Action.SIGKILL);
              assertThat(event.returned()).isEqualTo(new Argument.IntArg(-13, "error"));
            });
    assertThat(violations)
        .extracting(Violation::action, Violation::enforced)
        .containsExactly(tuple("Sigkill", true));
    teller.stopWaiting(10_000);
    assertThat(events).hasSize(before + 1);
    assertThat(teller.losses()).containsEntry("undecided_return", 1L);
  }

  @Test
  void aProcessThatDiesInItsCallIsToldOfWithoutAReturnBeforeItsExit() {
    book.put(returning(ArgumentType.INT));
    teller.tell(hook(3_000, SHELL, KernelRecord.Action.SIGNAL, 9, Following.VALUE));

    teller.tell(exit(3_100, SHELL, 9));

    assertThat(events)
        .extracting(Object::getClass)
        .containsExactly(ProcessKprobe.class, ProcessExit.class);
    assertThat(((ProcessKprobe) events.getFirst()).returned()).isNull();
  }

  @Test
  void aCallThatBlocksIsToldOfAfterAWhileAndOnlyOnce() {
    book.put(returning(ArgumentType.INT));
    teller.tell(hook(3_000, SHELL, KernelRecord.Action.POST, 0, Following.VALUE));

    teller.stopWaiting(3_000);
    assertThat(events).isEmpty();
    teller.stopWaiting(3_001);
    teller.tell(returned(3_000, SHELL, 5));

    assertThat(events).hasSize(1);
    assertThat(teller.losses()).containsEntry("late_return", 1L);
  }

  @Test
  void callsThatNeverReturnTakeNoMoreThanTheirRoom() {
    book.put(returning(ArgumentType.INT));
    for (int i = 0; i < 10_000; i++) {
      teller.tell(hook(3_000 + i, SHELL, KernelRecord.Action.POST, 0, Following.VALUE));
    }

    assertThat(events).hasSize(10_000 - 4_096);
  }

  @Test
  void aRecordOfAnEditionThatWasReplacedIsReadByThatEdition() {
    book.put(WatchedPolicy.of(killWrites("uid-1", 1, "/a"), "__x64_sys_"));
    book.put(WatchedPolicy.of(policy("uid-1", 2, syscall("read")), "__x64_sys_"));

    teller.tell(hook(3_000, SHELL, KernelRecord.Action.POST, 0)); // version 1

    assertThat(function(events.getLast())).isEqualTo("__x64_sys_write");
  }

  @Test
  void anEditionThatCouldNotBeLoadedIsForgotten() {
    var first = WatchedPolicy.of(killWrites("uid-1", 1, "/a"), "__x64_sys_");
    var second = WatchedPolicy.of(policy("uid-1", 2, syscall("read")), "__x64_sys_");
    book.put(first);
    book.put(second);

    book.takeBack(second);

    assertThat(book.find("uid-1", 7)).isEqualTo(first);
  }

  @Test
  void aPolicyThatNobodyHasToldOfYetGoesByItsUid() {
    teller.tell(hook(3_000, SHELL, KernelRecord.Action.SIGNAL, 9, fd(3, "/a")));

    assertThat(((ProcessKprobe) events.getLast()).hook().policy()).isEqualTo("uid-1");
    assertThat(function(events.getLast())).isEqualTo("call_1");
    assertThat(violations).singleElement().extracting(Violation::policyUid).isEqualTo("uid-1");
  }

  @Test
  void anUnknownProcessIsToldOfWithWhatTheRecordHas() {
    teller.tell(hook(3_000, SHELL, KernelRecord.Action.POST, 0));

    var facts = events.getLast().process().process().facts();
    assertThat(facts.pid()).isEqualTo(header(0, SHELL).process().pid());
    assertThat(facts.flags()).isEqualTo("miss");
    @Nullable Object parent = events.getLast().parent();
    assertThat(parent).isNull();
  }

  @Test
  void aThrottledCgroupIsToldByNameAtBothEndsEvenIfItIsGoneByThen() {
    cgroups.put(7L, "/kubepods/busy");
    teller.tell(new KernelRecord.Throttle(header(3_000, SHELL)));
    cgroups.clear();
    teller.throttleEnded(7, 9_000);

    assertThat(throttles)
        .containsExactly(
            new ProcessThrottle(wall(3_000), ProcessThrottle.Type.START, "/kubepods/busy"),
            new ProcessThrottle(wall(9_000), ProcessThrottle.Type.STOP, "/kubepods/busy"));
  }

  private void add(Event event) {
    switch (event) {
      case ProcessEvent ofProcess -> events.add(ofProcess);
      case ProcessThrottle throttle -> throttles.add(throttle);
    }
  }

  private static WatchedPolicy returning(ArgumentType type) {
    return WatchedPolicy.of(
        policy(
            "uid-1", 1, syscall("write", new Hook.Argument(0, type, OptionalInt.empty(), "error"))),
        "__x64_sys_");
  }

  private static long wall(long sinceBoot) {
    return sinceBoot + 1_784_000_000_000_000_000L;
  }

  private static String function(Event event) {
    return ((ProcessKprobe) event).hook().function();
  }

  private static Bytes bytes(String text) {
    return Bytes.owning(text.getBytes(StandardCharsets.UTF_8));
  }
}
