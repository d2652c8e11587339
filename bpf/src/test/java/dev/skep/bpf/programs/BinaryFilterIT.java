package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.Owner;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.HookPlan.TextPart;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Executables by their whole path, its beginning or its end; of the process, its parent or any
 * ancestor.
 */
@NeedsKernel
@NeedsPolicies
class BinaryFilterIT {
  private static final int GETPPID = 110;

  @AutoClose private static TestNode node;

  @TempDir private Path temporary;
  private Path folder = Path.of("/");

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @BeforeEach
  void resolve() throws IOException {
    folder = temporary.toRealPath();
  }

  @AfterEach
  void remove() throws BpfException {
    for (var uid : node.kernel().policies().keySet()) {
      node.kernel().remove(uid);
    }
  }

  @Test
  void aPathMayBeginOrEndSo() throws Exception {
    var first = program("one/first");
    var second = program("two/second");

    watch(own(TextPart.PREFIX, folder + "/one/", "/none/"));
    assertThat(calls(first, "getppid")).isEqualTo(1);
    assertThat(calls(second, "getppid")).isZero();
    watch(own(TextPart.POSTFIX, "/second", "/third"));
    assertThat(calls(first, "getppid")).isZero();
    assertThat(calls(second, "getppid")).isEqualTo(1);
    watch(own(TextPart.POSTFIX, first.toString()));
    assertThat(calls(first, "getppid")).isEqualTo(1);
    watch(own(TextPart.PREFIX, first + "/"));
    assertThat(calls(first, "getppid")).isZero();
  }

  @Test
  void aNegatedFilterTakesAllOthers() throws Exception {
    var first = program("first");
    var second = program("second");
    var ours = own(TextPart.PREFIX, folder.toString());

    watch(ours, negated(own(TextPart.POSTFIX, "/first")));
    assertThat(calls(first, "getppid")).isZero();
    assertThat(calls(second, "getppid")).isEqualTo(1);
    watch(ours, negated(own(TextPart.PREFIX, second.toString())));
    assertThat(calls(first, "getppid")).isEqualTo(1);
    assertThat(calls(second, "getppid")).isZero();
  }

  /** Of such a path the two ends are known, enough for what a guard asks. */
  @Test
  void aPathThatIsTooLongForTheKernelsMapStillHasItsEnds() throws Exception {
    var deep = program("long/" + "n".repeat(200) + "/" + "f".repeat(100) + "/program");
    assertThat(deep.toString()).hasSizeGreaterThan(256);

    watch(own(TextPart.PREFIX, folder + "/long/"));
    assertThat(calls(deep, "getppid")).isEqualTo(1);
    watch(own(TextPart.POSTFIX, "ff/program"));
    assertThat(calls(deep, "getppid")).isEqualTo(1);
    watch(own(TextPart.PREFIX, folder + "/lonh/"));
    assertThat(calls(deep, "getppid")).isZero();
    watch(own(TextPart.WHOLE, deep.toString().substring(0, 255)));
    assertThat(calls(deep, "getppid")).isZero();
  }

  @Test
  void theParentsExecutableIsWhatItRanWhenItMadeTheProcess() throws Exception {
    var parent = program("parent");
    var child = program("child");

    for (var part : TextPart.values()) {
      var value =
          switch (part) {
            case WHOLE -> parent.toString();
            case PREFIX -> folder + "/par";
            case POSTFIX -> "/parent";
          };
      watch(new BinaryFilter(false, Owner.PARENT, part, Set.of(value), false));
      assertThat(calls(parent, "getppid")).isZero();
      assertThat(calls(parent, "fork", "getppid", "exec", child)).isEqualTo(2);
      assertThat(calls(parent, "exec", child)).isZero();
      assertThat(calls(parent, "fork", "fork", "getppid")).isEqualTo(1);
    }
  }

  @Test
  void descendantsMatchWhateverTheyRun() throws Exception {
    var head = program("head");
    var other = program("other");
    var whole = own(TextPart.WHOLE, head.toString());

    for (var filter :
        List.of(whole, own(TextPart.PREFIX, folder + "/he"), own(TextPart.POSTFIX, "/head"))) {
      watch(following(filter));

      assertThat(calls(head, "getppid")).isEqualTo(1);
      assertThat(calls(other, "getppid")).isZero();
      assertThat(calls(head, "fork", "getppid", "exec", other)).isEqualTo(2);
      assertThat(calls(head, "exec", other)).isEqualTo(1);
      assertThat(calls(other, "fork", "exec", head)).isEqualTo(1);
    }
    watch(own(TextPart.PREFIX, folder.toString()), negated(following(whole)));
    assertThat(calls(head, "getppid", "exec", other)).isZero();
    assertThat(calls(other, "getppid", "exec", head)).isEqualTo(1);
  }

  /** The shell and its child are older than the policy, what the child starts is younger. */
  @Test
  void descendantsOfProcessesThatWereThereMatchToo() throws Exception {
    var shell = Files.copy(Path.of("/bin/sh").toRealPath(), folder.resolve("shell"));
    var other = program("other");
    var process =
        new ProcessBuilder(shell.toString(), "-c", "(read line; " + other + " getppid; :); :")
            .start();
    watch(following(own(TextPart.WHOLE, shell.toString())));
    long before = node.told("near");

    try (var input = process.outputWriter()) {
      input.write("go\n");
    }
    process.waitFor();

    assertThat(node.told("near") - before).isEqualTo(1);
  }

  /** The kernel looks for the longest entry alone: it has the bits of the shorter ones, too. */
  @Test
  void oneSetsPrefixMayBeginWithAnothers() throws Exception {
    var program = program("one/two/three");
    var wide = following(own(TextPart.PREFIX, folder + "/one/"));
    var narrow = following(own(TextPart.PREFIX, folder + "/one/two/"));

    node.enforce("narrow", hook(narrow));
    node.enforce("wide", hook(wide));
    Ran.run(folder, program, "getppid");
    assertThat(List.of(node.told("wide"), node.told("narrow"))).containsExactly(1L, 1L);
    node.kernel().remove("narrow");
    Ran.run(folder, program, "getppid");
    assertThat(List.of(node.told("wide"), node.told("narrow"))).containsExactly(2L, 1L);
  }

  @Test
  void thereAre64SetsToFollowAndTheNextIsRefused() throws Exception {
    var others =
        IntStream.range(0, 64)
            .mapToObj(i -> following(own(TextPart.WHOLE, "/none/" + i)))
            .map(filter -> new SelectorPlan(List.of(filter), List.of(), true, 0))
            .toList();
    for (int i = 0; i < others.size(); i += 16) {
      node.enforce(
          "many-" + i,
          new HookPlan(0, Set.of(GETPPID), false, List.of(), others.subList(i, i + 16)));
    }
    node.enforce(
        "shared", new HookPlan(0, Set.of(GETPPID), false, List.of(), others.subList(5, 6)));

    assertThat(refusal(following(own(TextPart.WHOLE, "/none/64"))))
        .contains("64 different sets with followForks or followChildren");
  }

  private static String refusal(BinaryFilter filter) {
    try {
      node.enforce("one more", hook(filter));
      return "";
    } catch (BpfException e) {
      return e.toString();
    }
  }

  private Path program(String name) throws IOException {
    var program = folder.resolve(name);
    Files.createDirectories(program.resolveSibling("."));
    return Files.copy(Trigger.PROGRAM, program);
  }

  private static BinaryFilter own(TextPart part, String... values) {
    return new BinaryFilter(false, Owner.SELF, part, Set.of(values), false);
  }

  private static BinaryFilter negated(BinaryFilter filter) {
    return new BinaryFilter(
        true, filter.whose(), filter.part(), filter.values(), filter.followChildren());
  }

  private static BinaryFilter following(BinaryFilter filter) {
    return new BinaryFilter(filter.negated(), filter.whose(), filter.part(), filter.values(), true);
  }

  private static HookPlan hook(BinaryFilter... filters) {
    return TestNode.hook(
        GETPPID, List.of(), new SelectorPlan(List.of(filters), List.of(), true, 0));
  }

  private static void watch(BinaryFilter... filters) throws BpfException {
    node.enforceBothWays(hook(filters));
  }

  /** How many are told of the program and its children. */
  private long calls(Path program, Object... words) {
    return node.toldBothWays(() -> Ran.run(folder, program, words));
  }
}
