package dev.skep.bpf.programs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Field;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.Range;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Action;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.KernelTracepoint;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.kernel.Tracefs;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What hooks on tracepoints see of their records, and do to who comes by. */
@NeedsKernel
@NeedsPolicies
class TracepointHookIT {
  private static final Place SEEK = new Place.Tracepoint("syscalls", "sys_enter_lseek");
  private static final Place RMDIR = new Place.Tracepoint("syscalls", "sys_enter_rmdir");
  private static final Place RENAME = new Place.Tracepoint("task", "task_rename");
  private static final Place EXEC = new Place.Tracepoint("sched", "sched_process_exec");
  private static final Place CALL = new Place.Tracepoint("raw_syscalls", "sys_enter");
  private static final int SIGKILL = 9;
  private static final int GETPPID = 110;

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @AfterEach
  void remove() throws BpfException {
    for (var uid : node.kernel().policies().keySet()) {
      node.kernel().remove(uid);
    }
  }

  static Stream<Arguments> numbers() {
    return Stream.of(
        number("equal", ArgumentKind.LONG, new Matching.OneOf(Set.of(7L)), 7, 8),
        number("int8", ArgumentKind.INT8, new Matching.OneOf(Set.of(-1L)), 0x1ff, 0xfe),
        number("uint16", ArgumentKind.UINT16, new Matching.GreaterThan(9), 0x1000a, 0x10009),
        number("int >", ArgumentKind.INT, new Matching.GreaterThan(-3), -2, -3),
        number("uint32 <", ArgumentKind.UINT32, new Matching.LessThan(10), 0x100000009L, -1),
        number("size >", ArgumentKind.SIZE, new Matching.GreaterThan(10), -1, 10),
        number("mask", ArgumentKind.SIZE, new Matching.AnyBit(6), 4, 9),
        number("range", ArgumentKind.LONG, new Matching.InRange(Set.of(new Range(-3, 5))), -3, 6));
  }

  private static Arguments number(
      String name, ArgumentKind kind, Matching matching, long hit, long miss) {
    return argumentSet(name, kind, matching, hit, miss);
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void fieldsCompareAsNumbers(ArgumentKind kind, Matching matching, long hit, long miss)
      throws Exception {
    var plan = value(kind, SEEK, 0, "offset");
    for (var negated : List.of(false, true)) {
      node.enforceBothWays(hook(SEEK, List.of(plan), matching(matching, negated)));

      assertThat(toldOf(kind, hit, run("lseek", hit))).isEqualTo(!negated);
      assertThat(toldOf(kind, miss, run("lseek", miss))).isEqualTo(negated);
    }
  }

  /** The program's start seeks too. */
  private static boolean toldOf(ArgumentKind kind, long sought, Trigger.Outcome outcome) {
    var told =
        node.records(Hook.class, outcome.pid()).stream()
            .filter(hook -> hook.arguments().getFirst().value() == kind.of(sought))
            .map(Hook::policy)
            .toList();
    assertThat(told.contains("far")).isEqualTo(told.contains("near"));
    return !told.isEmpty();
  }

  static Stream<Arguments> texts() {
    var longest = "n".repeat(15);
    return Stream.of(
        argumentSet("equal", new Matching.TextOneOf(Set.of("some-name")), "some-name", "some-nam"),
        argumentSet("whole", new Matching.TextOneOf(Set.of(longest)), longest, "n".repeat(14)),
        argumentSet("prefix", new Matching.TextPrefix(Set.of("pre")), "prefix", "qrefix"),
        argumentSet("postfix", new Matching.TextPostfix(Set.of("fix")), "postfix", "postfixx"));
  }

  @ParameterizedTest
  @MethodSource("texts")
  void textsOfAFixedLengthEndAtTheirFirstNul(Matching matching, String hit, String miss)
      throws Exception {
    var name = text(RENAME, 0, "newcomm");
    for (var negated : List.of(false, true)) {
      node.enforceBothWays(hook(RENAME, List.of(name), matching(matching, negated)));

      assertThat(told(run("rename-thread", hit), hit)).isEqualTo(!negated);
      assertThat(told(run("rename-thread", miss), miss)).isEqualTo(negated);
    }
  }

  @ParameterizedTest
  @MethodSource("texts")
  void textsThatPointersLeadToAreThoseOfTheCaller(Matching matching, String hit, String miss)
      throws Exception {
    var path = value(ArgumentKind.STRING, RMDIR, 0, "pathname");
    for (var negated : List.of(false, true)) {
      node.enforceBothWays(hook(RMDIR, List.of(path), matching(matching, negated)));

      assertThat(told(run("rmdir", hit), hit)).isEqualTo(!negated);
      assertThat(told(run("rmdir", miss), miss)).isEqualTo(negated);
    }
  }

  @Test
  void textsOfAnyLengthAreFoundWhereTheRecordSays(@TempDir Path folder) throws Exception {
    var program = Files.copy(Path.of("/bin/true"), folder.resolve("p".repeat(200)));
    var other = Files.copy(program, folder.resolve("q".repeat(200)));
    var filename = value(ArgumentKind.DATA_LOC, EXEC, 0, "filename");
    for (var matching :
        List.of(
            new Matching.TextOneOf(Set.of(program.toString())),
            new Matching.TextPrefix(Set.of(program.toString())),
            new Matching.TextPostfix(Set.of("/" + program.getFileName())))) {
      for (var negated : List.of(false, true)) {
        node.enforceBothWays(hook(EXEC, List.of(filename), matching(shortened(matching), negated)));

        assertThat(told(run("exec", program), program.toString())).isEqualTo(!negated);
        assertThat(told(run("exec", other), other.toString())).isEqualTo(negated);
      }
    }
  }

  /** As long as the kernel takes it. */
  private static Matching shortened(Matching matching) {
    return matching instanceof Matching.TextPostfix(var texts)
        ? new Matching.TextPostfix(
            Set.of(texts.iterator().next().substring(texts.iterator().next().length() - 128)))
        : matching;
  }

  @Test
  void buffersDescriptorsAndNumbersOfACallAreTold(@TempDir Path folder) throws Exception {
    var ledger = folder.toRealPath().resolve("ledger");
    var write = new Place.Tracepoint("syscalls", "sys_enter_write");
    var buf = field(write, "buf");
    var count = field(write, "count");
    node.enforce(
        "write",
        hook(
            write,
            List.of(
                value(ArgumentKind.INT, write, 0, "__syscall_nr"),
                value(ArgumentKind.FD, write, 1, "fd"),
                new ArgumentPlan(
                    ArgumentKind.CHAR_BUF,
                    2,
                    new Field(buf.offset(), buf.bytes(), count.offset(), count.bytes())),
                value(ArgumentKind.SIZE, write, 3, "count")),
            new SelectorPlan(
                List.of(),
                List.of(
                    new ArgumentFilter(
                        1, false, new Matching.TextOneOf(Set.of(ledger.toString())))),
                true,
                0)));

    var outcome = run("open", ledger, "write", "some data");

    assertThat(node.records(Hook.class, outcome.pid()))
        .singleElement()
        .satisfies(hook -> {
          assertThat(hook.arguments())
              .extracting(KernelRecord.Argument::value)
              .containsExactly(1L, hook.arguments().get(1).value(), 9L, 9L);
          assertThat(hook.arguments())
              .extracting(TracepointHookIT::text)
              .containsExactly("", ledger.toString(), "some data", "");
        });
  }

  @Test
  void arraysAreTakenAsTheyAre() throws Exception {
    var args = field(CALL, "args");
    node.enforce(
        "args",
        hook(
            CALL,
            List.of(
                value(ArgumentKind.LONG, CALL, 0, "id"),
                new ArgumentPlan(
                    ArgumentKind.CONST_BUF, 1, Field.within(args.offset(), args.bytes()))),
            new SelectorPlan(
                List.of(),
                List.of(new ArgumentFilter(0, false, new Matching.OneOf(Set.of((long) GETPPID)))),
                true,
                0)));

    var outcome = run("call-6", GETPPID);

    assertThat(node.records(Hook.class, outcome.pid()))
        .singleElement()
        .satisfies(hook -> {
          var numbers = ByteBuffer.wrap(hook.arguments().get(1).bytes());
          numbers.order(ByteOrder.nativeOrder());
          assertThat(IntStream.range(0, 6).mapToLong(i -> numbers.getLong(8 * i)))
              .containsExactly(101L, 102L, 103L, 104L, 105L, 106L);
          assertThat(hook.arguments().get(1).value()).isEqualTo(48);
        });
  }

  @Test
  void aForbiddenWriteIsKilledBeforeTheFileChanges(@TempDir Path folder) throws Exception {
    var ledger = Files.writeString(folder.toRealPath().resolve("ledger"), "keep");
    var other = ledger.resolveSibling("other");
    var write = new Place.Tracepoint("syscalls", "sys_enter_write");
    var killing =
        hook(
            write,
            List.of(value(ArgumentKind.FD, write, 0, "fd")),
            new SelectorPlan(
                List.of(),
                List.of(
                    new ArgumentFilter(
                        0, false, new Matching.TextOneOf(Set.of(ledger.toString())))),
                true,
                SIGKILL));
    node.enforce("kill", killing);

    for (int i = 0; i < 20; i++) {
      assertThat(run("open", ledger, "write", "lost").code()).isEqualTo(128 + SIGKILL);
    }
    assertThat(run("open", other, "write", "kept").code()).isZero();

    assertThat(ledger).hasContent("keep");
    assertThat(other).hasContent("kept");
    assertThat(node.kernel().totals("kill").hooks())
        .containsExactly(new HookTotals(0, 20, 0, 20, 0, 0));
    node.monitor("kill", killing);
    var monitored = run("open", ledger, "write", "more");
    assertThat(monitored.code()).isZero();
    assertThat(node.records(Hook.class, monitored.pid()))
        .extracting(Hook::action)
        .containsExactly(Action.WOULD_SIGNAL);
  }

  @Test
  void hooksOfSeveralPoliciesReadEachItsOwnFields() throws Exception {
    node.enforce("new", hook(RENAME, List.of(text(RENAME, 0, "newcomm"))));
    node.enforce(
        "old",
        hook(
            RENAME,
            List.of(text(RENAME, 0, "oldcomm"), value(ArgumentKind.INT, RENAME, 1, "pid"))));

    var outcome = run("rename-thread", "first", "rename-thread", "second");

    var hooks = node.records(Hook.class, outcome.pid());
    assertThat(hooks.stream().filter(hook -> hook.policy().equals("new")))
        .extracting(hook -> text(hook.arguments().getFirst()))
        .endsWith("first", "second");
    assertThat(hooks.stream().filter(hook -> hook.policy().equals("old")))
        .last()
        .satisfies(hook -> {
          assertThat(text(hook.arguments().getFirst())).isEqualTo("first");
          assertThat(hook.arguments().get(1).value()).isEqualTo(outcome.pid());
        });
  }

  @Test
  void ofManyLongTextsThoseAreToldThatARecordHasRoomFor() throws Exception {
    var path = "p".repeat(5000);
    var arguments =
        IntStream.range(0, 8)
            .mapToObj(i -> {
              try {
                return value(ArgumentKind.STRING, RMDIR, i, "pathname");
              } catch (BpfException e) {
                throw new AssertionError(e);
              }
            })
            .toList();
    node.enforce("long", hook(RMDIR, arguments));

    var outcome = run("rmdir", path);

    assertThat(node.records(Hook.class, outcome.pid()))
        .singleElement()
        .satisfies(hook -> {
          assertThat(hook.arguments()).hasSize(8).allMatch(KernelRecord.Argument::truncated);
          assertThat(hook.arguments())
              .extracting(argument -> argument.bytes().length)
              .containsExactly(4096, 4096, 4096, 4096, 4096, 4096, 4096, 0);
        });
  }

  @Test
  void aTracepointThatTheKernelLacksIsNamedAndNothingChanges() throws Exception {
    var renames = hook(RENAME, List.of(text(RENAME, 0, "newcomm")));
    node.enforce("renames", renames);

    assertThatThrownBy(() ->
            node.enforce(
                "renames",
                renames,
                new HookPlan(
                    1, new Place.Tracepoint("task", "no_such"), false, List.of(), List.of())))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("the tracepoint task/no_such cannot be watched on this node");

    assertThat(told(run("rename-thread", "still"), "still")).isTrue();
    assertThat(links()).hasSize(1);
  }

  @Test
  void nothingIsLeftOfATracepointThatNobodyWatches() throws Exception {
    node.enforce("one", hook(RENAME, List.of()));
    node.enforce("two", hook(RENAME, List.of()));
    node.kernel().remove("one");
    assertThat(links()).hasSize(1);
    assertThat(node.kernel().policies().values()).allMatch(policy -> policy.complete());
    Files.delete(links().getFirst()); // as if somebody else had detached it
    assertThat(node.kernel().policies().values()).noneMatch(policy -> policy.complete());

    node.kernel().remove("two");

    assertThat(links()).isEmpty();
    assertThat(node.kernel().policies()).isEmpty();
  }

  @Test
  void aHookMovesFromASystemCallToATracepointAndBack() throws Exception {
    for (int turn = 0; turn < 3; turn++) {
      node.enforce("moving", hook(RENAME, List.of(text(RENAME, 0, "newcomm"))));
      assertThat(told(run("rename-thread", "moved"), "moved")).isTrue();
      node.enforce("moving", TestNode.hook(GETPPID, List.of()));
      assertThat(node.records(Hook.class, run("getppid").pid())).hasSize(1);
    }
    assertThat(node.kernel().policies().values()).allMatch(policy -> policy.complete());
  }

  /**
   * Until the kernel passed nothing over meanwhile: it does where somebody's bpf(2) was stopped in
   * the middle on that processor, and counts it.
   */
  private static Trigger.Outcome run(Object... words) throws BpfException {
    while (true) {
      long passedOver = passedOver();
      var outcome = Trigger.run(words);
      if (passedOver() == passedOver) {
        return outcome;
      }
    }
  }

  private static long passedOver() throws BpfException {
    return node.kernel().drops().getOrDefault("recursion", 0L);
  }

  private static List<Path> links() throws IOException {
    try (var links = Files.walk(Path.of(node.kernel().folder()).resolve("links"))) {
      return links
          .filter(link -> String.valueOf(link.getFileName()).startsWith("dispatch_tracepoint_"))
          .toList();
    }
  }

  private static boolean told(Trigger.Outcome outcome, String text) {
    var policies =
        node.records(Hook.class, outcome.pid()).stream()
            .filter(hook -> text(hook.arguments().getFirst()).equals(text))
            .map(Hook::policy)
            .toList();
    assertThat(policies.contains("far")).isEqualTo(policies.contains("near"));
    return !policies.isEmpty();
  }

  private static String text(KernelRecord.Argument argument) {
    return new String(argument.bytes(), UTF_8);
  }

  private static SelectorPlan matching(Matching matching, boolean negated) {
    return new SelectorPlan(List.of(), List.of(new ArgumentFilter(0, negated, matching)), true, 0);
  }

  private static HookPlan hook(
      Place place, List<ArgumentPlan> arguments, SelectorPlan... selectors) {
    return new HookPlan(0, place, false, arguments, List.of(selectors));
  }

  private static ArgumentPlan value(ArgumentKind kind, Place place, int position, String name)
      throws BpfException {
    var field = field(place, name);
    return new ArgumentPlan(kind, position, new Field(field.offset(), field.bytes()));
  }

  private static ArgumentPlan text(Place place, int position, String name) throws BpfException {
    var field = field(place, name);
    return new ArgumentPlan(
        ArgumentKind.DATA_LOC, position, Field.within(field.offset(), field.bytes()));
  }

  private static KernelTracepoint.Field field(Place place, String name) throws BpfException {
    var at = (Place.Tracepoint) place;
    var format = (KernelTracepoint.Format) Tracefs.tracepoint(at.subsystem(), at.event());
    return format.fields().stream()
        .filter(field -> field.name().equals(name))
        .findAny()
        .orElseThrow();
  }
}
