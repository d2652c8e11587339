package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.Range;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each operator by a value that it takes and one that it just misses, plain and negated; by filters
 * that have code of their own in the program and by those that share it.
 */
@NeedsKernel
@NeedsPolicies
class ArgumentFilterIT {
  private static final int LSEEK = 8;
  private static final int RMDIR = 84;
  private static final int TRUNCATED_AT = 4096;
  private static final int SELECTORS = 16;
  private static final int FILTERS = 16;
  private static final long MIN = Long.MIN_VALUE;
  private static final long MAX = Long.MAX_VALUE;

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
    var many =
        new Matching.OneOf(
            LongStream.rangeClosed(100, 110).boxed().collect(Collectors.toUnmodifiableSet()));
    return Stream.of(
        argumentSet("one", ArgumentKind.INT, new Matching.OneOf(Set.of(7L)), 7L, 8L),
        argumentSet(
            "minus one", ArgumentKind.INT, new Matching.OneOf(Set.of(-1L)), 0xffffffffL, 0L),
        argumentSet("four", ArgumentKind.LONG, new Matching.OneOf(Set.of(1L, 2L, 3L, 4L)), 4L, 5L),
        argumentSet("a set", ArgumentKind.INT, many, 110L, 111L),
        argumentSet("int <", ArgumentKind.INT, new Matching.LessThan(0), 0xfffffffeL, 0L),
        argumentSet("int >", ArgumentKind.INT, new Matching.GreaterThan(-3), -2L, -3L),
        argumentSet(
            "uint32 >", ArgumentKind.UINT32, new Matching.GreaterThan(10), 0xffffffffL, 10L),
        argumentSet("uint32 <", ArgumentKind.UINT32, new Matching.LessThan(10), 0x100000009L, 10L),
        argumentSet("size >", ArgumentKind.SIZE, new Matching.GreaterThan(10), -1L, 10L),
        argumentSet("size <", ArgumentKind.SIZE, new Matching.LessThan(10), 9L, -1L),
        argumentSet("long <", ArgumentKind.LONG, new Matching.LessThan(-5), -6L, -5L),
        argumentSet("long >", ArgumentKind.LONG, new Matching.GreaterThan(-5), -4L, -6L),
        argumentSet("int8", ArgumentKind.INT8, new Matching.OneOf(Set.of(-1L)), 0x1ffL, 0xfeL),
        argumentSet("int8 <", ArgumentKind.INT8, new Matching.LessThan(-127), 0x80L, 0x81L),
        argumentSet("int8 >", ArgumentKind.INT8, ranges(-2, 3, 9, 9, 12, 14), 0x1feL, 0x1fdL),
        argumentSet("uint8", ArgumentKind.UINT8, new Matching.OneOf(Set.of(255L)), -1L, 0x1feL),
        argumentSet("uint8 >", ArgumentKind.UINT8, new Matching.GreaterThan(127), 0x80L, 0x17fL),
        argumentSet("int16", ArgumentKind.INT16, new Matching.OneOf(Set.of(-2L)), 0x1fffeL, -3L),
        argumentSet("int16 >", ArgumentKind.INT16, new Matching.GreaterThan(0), 0x10001L, 0x8001L),
        argumentSet("uint16", ArgumentKind.UINT16, ranges(0xfffe, 0xffff), -2L, 0x1fffdL),
        argumentSet("uint16 <", ArgumentKind.UINT16, new Matching.LessThan(2), 0x10001L, -1L),
        argumentSet("uint16 mask", ArgumentKind.UINT16, new Matching.AnyBit(0x8000), -1L, 0x17fffL),
        argumentSet("mask", ArgumentKind.INT, new Matching.AnyBit(6), 4L, 9L),
        argumentSet("a range", ArgumentKind.INT, ranges(-3, 5), -3L, 6L),
        argumentSet("its end", ArgumentKind.INT, ranges(-3, 5), 5L, -4L),
        argumentSet("two ranges", ArgumentKind.SIZE, ranges(7, 9, -5, -1), -5L, 10L),
        argumentSet("ranges", ArgumentKind.LONG, ranges(3, 8, -9, 1, 20, 20), 1L, 2L),
        argumentSet("ranges, low end", ArgumentKind.INT, ranges(3, 8, -9, 1, 20, 20), -9L, -10L),
        argumentSet("ranges, single", ArgumentKind.UINT32, ranges(3, 8, 0, 1, 20, 20), 20L, 21L),
        argumentSet("ranges, all", ArgumentKind.LONG, ranges(3, 3, MIN, MAX - 1, 4, 4), MIN, MAX),
        argumentSet("large ranges", ArgumentKind.SIZE, ranges(1, 2, 5, MAX, -7, -1), -7L, -8L));
  }

  private static Matching ranges(long... bounds) {
    var ranges = new HashSet<Range>();
    for (int i = 0; i < bounds.length; i += 2) {
      ranges.add(new Range(bounds[i], bounds[i + 1]));
    }
    return new Matching.InRange(ranges);
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void numbersCompareAsWideAsTheArgumentIs(
      ArgumentKind kind, Matching matching, long hit, long miss) throws BpfException {
    for (var negated : List.of(false, true)) {
      watch(LSEEK, new ArgumentPlan(kind, 1, 0), posting(matching, negated));

      assertThat(reportedSeek(kind, hit)).isEqualTo(!negated);
      assertThat(reportedSeek(kind, miss)).isEqualTo(negated);
    }
  }

  static Stream<Arguments> texts() {
    return Stream.of(
        texts("equal", new Matching.TextOneOf(Set.of("/no/a", "/no/b")), "/no/b", "/no/bb"),
        texts("equal, part", new Matching.TextOneOf(Set.of("/no/a")), "/no/a", "/no/"),
        ofSize(64),
        ofSize(65),
        ofSize(512),
        ofSize(513),
        ofSize(4000),
        texts("empty", new Matching.TextOneOf(Set.of("")), "", "x"),
        texts("prefix", new Matching.TextPrefix(Set.of("/no/pre")), "/no/prefix", "/no/pr"),
        texts("prefix, whole", new Matching.TextPrefix(Set.of("/no/pre")), "/no/pre", "/no/qre"),
        texts("prefix of the long", new Matching.TextPrefix(Set.of("qqq")), "q".repeat(5000), "qq"),
        texts("postfix", new Matching.TextPostfix(Set.of(".so", ".txt")), "/a.txt", "/a.txt2"),
        texts("postfix, whole", new Matching.TextPostfix(Set.of(".txt")), ".txt", "txt"));
  }

  @ParameterizedTest
  @MethodSource("texts")
  void textsMatchByteForByte(Matching matching, String hit, String miss) throws BpfException {
    for (var negated : List.of(false, true)) {
      watchRmdir(posting(matching, negated));

      assertThat(reported("rmdir", hit)).isEqualTo(!negated);
      assertThat(reported("rmdir", miss)).isEqualTo(negated);
    }
  }

  @Test
  void aTextThatCannotBeReadMatchesNothingAndEveryNegation() throws BpfException {
    var matching = new Matching.TextPrefix(Set.of("/"));
    watchRmdir(posting(matching, false));
    assertThat(reported("rmdir-nowhere")).isFalse();

    watchRmdir(posting(matching, true));
    var outcome = Trigger.run("rmdir-nowhere");
    assertThat(
            node.records(Hook.class, outcome.pid()).getLast().arguments().getFirst().unreadable())
        .isTrue();
  }

  @Test
  void theUnreadRestOfALongTextMatchesNothing() throws BpfException {
    watchRmdir(posting(new Matching.TextPostfix(Set.of("end")), false));

    assertThat(reported("rmdir", "x".repeat(TRUNCATED_AT) + "end")).isFalse();
  }

  @Test
  void allFiltersOfASelectorMustHoldAndTheFirstSelectorDecides() throws BpfException {
    var small = new ArgumentFilter(0, false, new Matching.LessThan(10));
    var even = new ArgumentFilter(0, true, new Matching.AnyBit(1));
    var silent = new SelectorPlan(List.of(), List.of(), List.of(small, even), false, 0);
    var other = new SelectorPlan(List.of(), List.of(), List.of(small), true, 0);
    node.enforce(
        "selectors",
        TestNode.hook(LSEEK, List.of(new ArgumentPlan(ArgumentKind.LONG, 1, 0)), silent, other));

    assertThat(reportedSeek(ArgumentKind.LONG, 4)).isFalse();
    assertThat(reportedSeek(ArgumentKind.LONG, 12)).isFalse();
    var odd = Trigger.run("lseek", 5);
    assertThat(node.records(Hook.class, odd.pid()))
        .filteredOn(hook -> hook.policy().equals("selectors") && value(hook) == 5)
        .singleElement()
        .satisfies(hook -> assertThat(hook.selector()).isEqualTo(1));
  }

  /**
   * More than have code of their own in the program; of the dearest kind, so that it is verified.
   */
  @Test
  void aHookTakes16SelectorsOf16Filters() throws BpfException {
    var selectors =
        IntStream.range(0, SELECTORS)
            .mapToObj(i ->
                IntStream.range(0, FILTERS)
                    .mapToObj(j -> endsWith(j == 0, "/" + i, "/not-" + i + "-" + j))
                    .toList())
            .map(filters -> new SelectorPlan(List.of(), filters, true, 0))
            .toArray(SelectorPlan[]::new);
    node.enforce(
        "many",
        TestNode.hook(RMDIR, List.of(new ArgumentPlan(ArgumentKind.STRING, 0, 0)), selectors));

    for (int i = 0; i < SELECTORS; i++) {
      var outcome = Trigger.run("rmdir", "/no/" + i);
      assertThat(node.records(Hook.class, outcome.pid()))
          .extracting(Hook::selector)
          .containsExactly(i);
    }
    assertThat(reported("rmdir", "/no/" + SELECTORS)).isFalse();
  }

  private static ArgumentFilter endsWith(boolean wanted, String end, String other) {
    var text = new Matching.TextPostfix(Set.of(wanted ? end : other));
    return new ArgumentFilter(0, !wanted, text);
  }

  private static long value(Hook hook) {
    return hook.arguments().getFirst().value();
  }

  private static void watchRmdir(SelectorPlan selector) throws BpfException {
    watch(RMDIR, new ArgumentPlan(ArgumentKind.STRING, 0, 0), selector);
  }

  private static void watch(int syscall, ArgumentPlan argument, SelectorPlan selector)
      throws BpfException {
    var hook = TestNode.hook(syscall, List.of(argument), selector);
    node.enforceBothWays(hook);
  }

  private static SelectorPlan posting(Matching matching, boolean negated) {
    return new SelectorPlan(
        List.of(), List.of(), List.of(new ArgumentFilter(0, negated, matching)), true, 0);
  }

  private static boolean reported(Object... words) {
    var outcome = Trigger.run(words);
    return reported(node.records(Hook.class, outcome.pid()).stream());
  }

  /** The program's start seeks too. */
  private static boolean reportedSeek(ArgumentKind kind, long sought) {
    var outcome = Trigger.run("lseek", sought);
    return reported(
        node.records(Hook.class, outcome.pid()).stream()
            .filter(hook -> value(hook) == kind.of(sought)));
  }

  private static boolean reported(Stream<Hook> hooks) {
    var policies = hooks.map(Hook::policy).collect(Collectors.toSet());
    assertThat(policies.contains("far")).isEqualTo(policies.contains("near"));
    return !policies.isEmpty();
  }

  private static Arguments texts(String name, Matching matching, String hit, String miss) {
    return argumentSet(name, matching, hit, miss);
  }

  private static Arguments ofSize(int size) {
    var text = "r".repeat(size);
    return texts(size + " bytes", new Matching.TextOneOf(Set.of(text)), text, text + "r");
  }
}
