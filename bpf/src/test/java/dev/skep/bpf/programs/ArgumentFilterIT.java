package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each operator by a value that it takes and one that it just misses, plain and negated. */
@NeedsKernel
@NeedsPolicies
class ArgumentFilterIT {
  private static final int LSEEK = 8;
  private static final int RMDIR = 84;
  private static final int TRUNCATED_AT = 4096;

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
        argumentSet("mask", ArgumentKind.INT, new Matching.AnyBit(6), 4L, 9L));
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void numbersCompareAsWideAsTheArgumentIs(
      ArgumentKind kind, Matching matching, long hit, long miss) throws BpfException {
    for (var negated : List.of(false, true)) {
      node.enforce(
          "numbers",
          TestNode.hook(LSEEK, List.of(new ArgumentPlan(kind, 1, 0)), posting(matching, negated)));

      assertThat(reported("lseek", hit)).isEqualTo(!negated);
      assertThat(reported("lseek", miss)).isEqualTo(negated);
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

    assertThat(reported("lseek", 4)).isFalse();
    assertThat(reported("lseek", 12)).isFalse();
    var odd = Trigger.run("lseek", 5);
    assertThat(node.records(Hook.class, odd.pid()))
        .filteredOn(hook -> hook.policy().equals("selectors") && value(hook) == 5)
        .singleElement()
        .satisfies(hook -> assertThat(hook.selector()).isEqualTo(1));
  }

  private static long value(Hook hook) {
    return hook.arguments().getFirst().value();
  }

  private static void watchRmdir(SelectorPlan selector) throws BpfException {
    node.enforce(
        "texts",
        TestNode.hook(RMDIR, List.of(new ArgumentPlan(ArgumentKind.STRING, 0, 0)), selector));
  }

  private static SelectorPlan posting(Matching matching, boolean negated) {
    return new SelectorPlan(
        List.of(), List.of(), List.of(new ArgumentFilter(0, negated, matching)), true, 0);
  }

  private static boolean reported(Object... words) {
    var outcome = Trigger.run(words);
    if (words[0].equals("lseek")) { // the program's start seeks too
      long sought = ((Number) words[1]).longValue();
      return node.records(Hook.class, outcome.pid()).stream().anyMatch(h -> value(h) == sought);
    }
    return !node.records(Hook.class, outcome.pid()).isEmpty();
  }

  private static Arguments texts(String name, Matching matching, String hit, String miss) {
    return argumentSet(name, matching, hit, miss);
  }

  private static Arguments ofSize(int size) {
    var text = "r".repeat(size);
    return texts(size + " bytes", new Matching.TextOneOf(Set.of(text)), text, text + "r");
  }
}
