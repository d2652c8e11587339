package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.Range;
import dev.skep.bpf.HookPlan.ReturnFilter;
import dev.skep.bpf.HookPlan.ReturnPlan;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord.Action;
import dev.skep.bpf.KernelRecord.Following;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.KernelRecord.Return;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.kernel.Dispatch;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.OnlyInVm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is decided when a call returns. */
@NeedsKernel
@NeedsPolicies
class ReturnIT {
  private static final int SIGKILL = 9;
  private static final int RMDIR = 84;
  private static final long ENOENT = -2;
  private static final ArgumentPlan PATH = new ArgumentPlan(ArgumentKind.STRING, 0, 0);
  private static final ReturnFilter FAILS = is(new Matching.LessThan(0));

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(Dispatch.class)
  void aCallIsToldIfWhatItReturnsMatches(Dispatch dispatch) throws Exception {
    try (var node = new TestNode(dispatch)) {
      var hook = hook(returning(null, 0, FAILS, is(new Matching.OneOf(Set.of(ENOENT)))));
      node.enforceBothWays(hook);

      var calls = Trigger.run("rmdir", "/nowhere", "rmdir", made("one"), "rmdir", "/proc");

      assertThat(calls.answers()).startsWith(ENOENT, 0L);
      for (var policy : List.of("near", "far")) {
        assertThat(node.records(Hook.class, calls.pid()))
            .filteredOn(call -> call.policy().equals(policy))
            .extracting(Hook::following)
            .containsExactly(Following.DECISION, Following.DECISION, Following.DECISION);
        assertThat(node.records(Return.class, calls.pid()))
            .filteredOn(back -> back.policy().equals(policy))
            .extracting(Return::action)
            .containsExactly(Action.POST, null, null);
        assertThat(node.kernel().totals(policy).hooks())
            .containsExactly(new HookTotals(0, 1, 0, 0, 0, 0));
      }
    }
  }

  @Test
  void theFirstSelectorDecidesWhoseFiltersOfCallAndReturnAllHold() throws Exception {
    try (var node = new TestNode()) {
      var one = made("one");
      node.enforce(
          "several",
          hook(
              returning(one, 0, is(new Matching.OneOf(Set.of(0L)))),
              new SelectorPlan(
                  List.of(),
                  List.of(),
                  true,
                  0,
                  null,
                  0,
                  new ReturnPlan(ArgumentKind.INT, List.of(FAILS), false, 0)),
              returning(
                  null, 0, is(new Matching.InRange(Set.of(new Range(0, 0), new Range(7, 9))))),
              new SelectorPlan(List.of(), List.of(), true, 0)));

      var calls = Trigger.run("rmdir", one, "rmdir", one, "rmdir", made("two"));

      assertThat(calls.answers()).startsWith(0L, ENOENT, 0L);
      assertThat(node.records(Return.class, calls.pid()))
          .extracting(Return::selector, Return::action)
          .containsExactly(tuple(0, Action.POST), tuple(1, null), tuple(2, Action.POST));
      assertThat(node.kernel().totals("several").hooks())
          .containsExactly(new HookTotals(0, 2, 1, 0, 0, 0));
    }
  }

  @Test
  void aProcessIsKilledForWhatItsCallReturns() throws Exception {
    try (var node = new TestNode()) {
      node.enforce("kill", hook(returning(null, SIGKILL, FAILS)));

      var killed = Trigger.run("rmdir", "/nowhere", "getppid");
      var lives = Trigger.run("rmdir", made("one"), "getppid");

      assertThat(killed.code()).isEqualTo(128 + SIGKILL);
      assertThat(lives.code()).isZero();
      assertThat(node.records(Return.class, killed.pid()))
          .extracting(Return::action, Return::signal)
          .containsExactly(tuple(Action.SIGNAL, SIGKILL));
      assertThat(node.kernel().totals("kill").hooks())
          .containsExactly(new HookTotals(0, 1, 0, 1, 0, 0));
    }
  }

  @Test
  void inMonitorModeNobodyIsKilledForIt() throws Exception {
    try (var node = new TestNode()) {
      node.monitor("monitor", hook(returning(null, SIGKILL, FAILS)));

      var lives = Trigger.run("rmdir", "/nowhere", "getppid");

      assertThat(lives.code()).isZero();
      assertThat(node.records(Return.class, lives.pid()))
          .extracting(Return::action)
          .containsExactly(Action.WOULD_SIGNAL);
      assertThat(node.kernel().totals("monitor").hooks())
          .containsExactly(new HookTotals(0, 1, 0, 0, 1, 0));
    }
  }

  @Test
  void anotherPolicyOnTheSameCallIsToldOfItsReturnAllTheSame() throws Exception {
    try (var node = new TestNode()) {
      node.enforce("plain", new HookPlan(0, Set.of(RMDIR), true, List.of(PATH), List.of()));
      node.enforce("asking", hook(returning(null, 0, FAILS)));
      node.enforce("plain too", new HookPlan(0, Set.of(RMDIR), true, List.of(), List.of()));

      var calls = Trigger.run("rmdir", made("one"), "rmdir", "/nowhere");

      assertThat(node.records(Return.class, calls.pid()))
          .extracting(Return::policy, Return::value, Return::action)
          .containsExactlyInAnyOrder(
              tuple("plain", 0L, Action.POST),
              tuple("plain too", 0L, Action.POST),
              tuple("asking", 0L, null),
              tuple("plain", ENOENT, Action.POST),
              tuple("plain too", ENOENT, Action.POST),
              tuple("asking", ENOENT, Action.POST));
      assertThat(node.kernel().drops()).allSatisfy((_, lost) -> assertThat(lost).isZero());
    }
  }

  @Test
  @OnlyInVm("a kernel that takes kprobes")
  void whatAFunctionOfTheKernelReturnsDecidesLikewise() throws Exception {
    try (var node = new TestNode()) {
      var full = made("full");
      Files.createFile(full.resolve("file"));
      node.enforce(
          "function",
          new HookPlan(
              0,
              new Place.Function("vfs_rmdir"),
              true,
              List.of(),
              List.of(returning(null, SIGKILL, FAILS))));

      var lives = Trigger.run("rmdir", made("empty"));
      var killed = Trigger.run("rmdir", full, "getppid");

      assertThat(lives.code()).isZero();
      assertThat(killed.code()).isEqualTo(128 + SIGKILL);
      assertThat(node.kernel().totals("function").hooks())
          .containsExactly(new HookTotals(0, 1, 0, 1, 0, 0));
    }
  }

  private static HookPlan hook(SelectorPlan... selectors) {
    return new HookPlan(0, Set.of(RMDIR), true, List.of(PATH), List.of(selectors));
  }

  /**
   * @param path of the calls; null: of any
   * @param signal at the return
   */
  private static SelectorPlan returning(@Nullable Path path, int signal, ReturnFilter... filters) {
    var plan = new ReturnPlan(ArgumentKind.INT, List.of(filters), true, signal);
    var arguments =
        path == null
            ? List.<ArgumentFilter>of()
            : List.of(
                new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(path.toString()))));
    return new SelectorPlan(List.of(), arguments, true, 0, null, 0, plan);
  }

  private static ReturnFilter is(Matching matching) {
    return new ReturnFilter(false, matching);
  }

  private Path made(String name) throws Exception {
    return Files.createDirectory(folder.resolve(name));
  }

  @Test
  void nothingIsLeftWhenThePolicyGoes() throws BpfException {
    try (var node = new TestNode()) {
      node.enforce("asking", hook(returning(null, SIGKILL, FAILS)));
      node.kernel().remove("asking");
      assertThat(Trigger.run("rmdir", "/nowhere").code()).isZero();
    }
  }
}
