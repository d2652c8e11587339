package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord.Action;
import dev.skep.bpf.KernelRecord.Following;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.KernelRecord.Return;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What hooks do to the calls that they sit on. */
@NeedsKernel
@NeedsPolicies
class HookIT {
  private static final int WRITE = 1;
  private static final int RMDIR = 84;
  private static final int GETPPID = 110;
  private static final int SIGKILL = 9;
  private static final int SIGUSR1 = 10;
  private static final int CHAIN_MAX = 32;

  private static final ArgumentPlan FILE = new ArgumentPlan(ArgumentKind.FD, 0, 0);
  private static final ArgumentPlan DATA = new ArgumentPlan(ArgumentKind.CHAR_BUF, 1, 2);
  private static final ArgumentPlan PATH = new ArgumentPlan(ArgumentKind.STRING, 0, 0);

  private TestNode node;

  @BeforeEach
  void load() throws BpfException {
    node = new TestNode();
  }

  @AfterEach
  void unload() throws BpfException {
    node.close();
  }

  @Test
  void aForbiddenWriteIsKilledBeforeTheFileChanges(@TempDir Path folder) throws Exception {
    var ledger = Files.writeString(folder.toRealPath().resolve("ledger"), "keep");
    var other = ledger.resolveSibling("other");
    node.enforce("kill", TestNode.hook(WRITE, List.of(FILE, DATA), killing(ledger)));

    for (int i = 0; i < 100; i++) {
      assertThat(Trigger.run("open", ledger, "write", "lost").code()).isEqualTo(128 + SIGKILL);
    }
    var allowed = Trigger.run("open", other, "write", "kept");
    var killed = Trigger.run("open", ledger, "write", "lost");

    assertThat(ledger).hasContent("keep");
    assertThat(allowed.code()).isZero();
    assertThat(other).hasContent("kept");
    assertThat(node.records(Hook.class, killed.pid()))
        .singleElement()
        .satisfies(hook -> {
          assertThat(hook.action()).isEqualTo(Action.SIGNAL);
          assertThat(hook.signal()).isEqualTo(SIGKILL);
          assertThat(hook.arguments().getFirst().bytes()).asString().isEqualTo(ledger.toString());
          assertThat(hook.arguments().get(1).bytes()).asString().isEqualTo("lost");
        });
    assertThat(node.kernel().totals("kill").hooks())
        .containsExactly(new HookTotals(0, 101, 0, 101, 0, 0));
  }

  @Test
  void inMonitorModeTheWriteHappensAndIsReportedAsWhatItWouldHaveBeen(@TempDir Path folder)
      throws Exception {
    var ledger = folder.toRealPath().resolve("ledger");
    node.monitor("monitor", TestNode.hook(WRITE, List.of(FILE), killing(ledger)));

    var outcome = Trigger.run("open", ledger, "write", "kept");

    assertThat(outcome.code()).isZero();
    assertThat(ledger).hasContent("kept");
    assertThat(node.records(Hook.class, outcome.pid()))
        .singleElement()
        .satisfies(hook -> assertThat(hook.action()).isEqualTo(Action.WOULD_SIGNAL));
    assertThat(node.kernel().totals("monitor").hooks())
        .containsExactly(new HookTotals(0, 1, 0, 0, 1, 0));
  }

  @Test
  void aSignalWithoutPostIsCountedAndNotReported() throws Exception {
    var selector = new SelectorPlan(List.of(), List.of(trigger(false)), List.of(), false, SIGUSR1);
    node.enforce("quiet", TestNode.hook(GETPPID, List.of(), selector));

    var ignoring = Trigger.run("ignore", SIGUSR1, "getppid");
    var dying = Trigger.run("getppid");

    assertThat(ignoring.code()).isZero();
    assertThat(dying.code()).isEqualTo(128 + SIGUSR1);
    assertThat(node.records(Hook.class, dying.pid())).isEmpty();
    assertThat(node.kernel().totals("quiet").hooks())
        .containsExactly(new HookTotals(0, 0, 2, 2, 0, 0));
  }

  @Test
  void a32BitCallIsNotTakenForThe64BitCallOfTheSameNumber() throws Exception {
    node.enforce("rmdir", TestNode.hook(RMDIR, List.of(PATH)));

    var narrow = Trigger.run("call-32", RMDIR, "/nowhere"); // there 84 is oldlstat
    var wide = Trigger.run("rmdir", "/nowhere");

    assertThat(narrow.last()).isEqualTo(-2);
    assertThat(node.records(Hook.class, narrow.pid())).isEmpty();
    assertThat(node.records(Hook.class, wide.pid())).hasSize(1);
  }

  @Test
  void hooksOfTwoPoliciesOnOneCallBothRun() throws Exception {
    node.enforce("first", TestNode.hook(RMDIR, List.of(PATH)));
    node.enforce("second", TestNode.hook(RMDIR, List.of()));

    var outcome = Trigger.run("rmdir", "/nowhere");

    assertThat(node.records(Hook.class, outcome.pid()))
        .extracting(Hook::policy)
        .containsExactlyInAnyOrder("first", "second");
  }

  @Test
  void aCallTakes32HooksAndThe33rdIsRefused() throws Exception {
    var hooks =
        IntStream.range(0, CHAIN_MAX)
            .mapToObj(i -> new HookPlan(i, Set.of(RMDIR), false, List.of(PATH), List.of()))
            .toArray(HookPlan[]::new);
    node.enforce("many", hooks);

    assertThatThrownBy(() -> node.enforce("one more", TestNode.hook(RMDIR, List.of())))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("32");
    var outcome = Trigger.run("rmdir", "/nowhere");

    assertThat(node.records(Hook.class, outcome.pid()))
        .extracting(Hook::hook)
        .containsExactlyInAnyOrderElementsOf(IntStream.range(0, CHAIN_MAX).boxed().toList());
    assertThat(node.kernel().drops()).allSatisfy((cause, lost) -> assertThat(lost).isZero());
  }

  @Test
  void theReturnValueComesWithTheTimeOfItsCall() throws Exception {
    var hook = new HookPlan(0, Set.of(RMDIR), true, List.of(PATH), List.of());
    node.enforce("returns", hook);

    var outcome = Trigger.run("rmdir", "/nowhere");

    var call = node.records(Hook.class, outcome.pid()).getFirst();
    assertThat(call.following()).isEqualTo(Following.VALUE);
    assertThat(node.records(Return.class, outcome.pid()))
        .singleElement()
        .satisfies(back -> {
          assertThat(back.value()).isEqualTo(-2);
          assertThat(back.entryTime()).isEqualTo(call.header().time());
        });
  }

  @Test
  void descendantsOfTheFirstProcessOfANamespaceAreKnownHoweverLateTheyCome() throws Exception {
    var inside = new PidFilter(false, true, true, Set.of(1));
    node.enforce(
        "followed",
        TestNode.hook(
            GETPPID,
            List.of(),
            new SelectorPlan(List.of(inside), List.of(trigger(false)), List.of(), true, 0)));
    long before = node.kernel().totals("followed").hooks().getFirst().posted();

    Trigger.run("fork-namespace", "getppid", "fork", "getppid", "fork", "getppid");

    assertThat(node.kernel().totals("followed").hooks().getFirst().posted() - before).isEqualTo(3);
  }

  @Test
  void binariesAreComparedByTheirRealPath(@TempDir Path folder) throws Exception {
    var link = Files.createSymbolicLink(folder.resolve("link"), Trigger.PROGRAM);
    node.enforce("in", TestNode.hook(GETPPID, List.of(), byBinary(trigger(false))));
    node.enforce("not in", TestNode.hook(GETPPID, List.of(), byBinary(trigger(true))));

    var process = new ProcessBuilder(link.toString(), "getppid").start();
    process.waitFor();
    Files.delete(link);

    assertThat(node.records(Hook.class, (int) process.pid()))
        .extracting(Hook::policy)
        .containsExactly("in");
  }

  private static SelectorPlan killing(Path file) {
    var filter = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file.toString())));
    return new SelectorPlan(List.of(), List.of(), List.of(filter), true, SIGKILL);
  }

  private static SelectorPlan byBinary(BinaryFilter filter) {
    return new SelectorPlan(List.of(), List.of(filter), List.of(), true, 0);
  }

  private static BinaryFilter trigger(boolean negated) throws IOException {
    return new BinaryFilter(negated, Set.of(Trigger.PROGRAM.toRealPath().toString()));
  }
}
