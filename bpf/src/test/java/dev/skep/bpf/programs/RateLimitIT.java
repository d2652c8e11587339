package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.LimitScope;
import dev.skep.bpf.HookPlan.RateLimit;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Equal events are told once in a time; those that are not equal are told, whoever makes them so.
 */
@NeedsKernel
@NeedsPolicies
class RateLimitIT {
  private static final int RMDIR = 84;
  private static final int SIGUSR1 = 10;
  private static final int HOUR = 3600;

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @Test
  void aThreadIsToldOncePerArguments() throws Exception {
    watch(new RateLimit(HOUR, LimitScope.THREAD), 0);

    var outcome = Trigger.run("rmdir", "/a", "rmdir", "/b", "rmdir", "/a", "fork", "rmdir", "/a");

    assertThat(paths()).containsExactly("/a", "/b", "/a");
    assertThat(outcome.code()).isZero();
    assertThat(node.kernel().totals("limited").hooks())
        .containsExactly(new HookTotals(0, 3, 1, 0, 0, 0));
  }

  @Test
  void allBytesOfAnArgumentCount() throws Exception {
    watch(new RateLimit(HOUR, LimitScope.THREAD), 0);
    var one = "/" + "x".repeat(3000) + "1";
    var other = "/" + "x".repeat(3000) + "2";

    Trigger.run("rmdir", one, "rmdir", other, "rmdir", one, "rmdir", "", "rmdir-nowhere");

    assertThat(paths()).containsExactly(one, other, "", "");
  }

  @Test
  void aProcessIsAllItsThreadsAndNobodyElse() throws Exception {
    watch(new RateLimit(HOUR, LimitScope.PROCESS), 0);

    Trigger.run("rmdir-by-threads", 5, "/a", "rmdir", "/a", "fork", "rmdir", "/a");
    assertThat(paths()).containsExactly("/a", "/a");

    watch(new RateLimit(HOUR, LimitScope.THREAD), 0);
    Trigger.run("rmdir-by-threads", 5, "/a");
    assertThat(paths()).containsExactly("/a", "/a", "/a", "/a", "/a");
  }

  @Test
  void anybodyIsLimitedByAnyOther() throws Exception {
    watch(new RateLimit(HOUR, LimitScope.GLOBAL), 0);

    Trigger.run("rmdir", "/a");
    Trigger.run("rmdir", "/a", "rmdir", "/b");
    Trigger.run("crowd-rmdir", 8, 100, "/c");

    assertThat(paths()).containsExactly("/a", "/b", "/c");
    assertThat(node.kernel().totals("limited").hooks())
        .containsExactly(new HookTotals(0, 3, 800, 0, 0, 0));
  }

  @Test
  void whenTheTimeIsOverTheNextIsTold() throws Exception {
    watch(new RateLimit(1, LimitScope.GLOBAL), 0);
    Trigger.run("rmdir", "/a");
    assertThat(paths()).containsExactly("/a");

    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> {
          Trigger.run("rmdir", "/a");
          return paths().size() == 2;
        });
  }

  @Test
  void whatIsDoneIsNotLimited() throws Exception {
    watch(new RateLimit(HOUR, LimitScope.GLOBAL), SIGUSR1);

    assertThat(Trigger.run("rmdir", "/a").code()).isEqualTo(128 + SIGUSR1);
    assertThat(Trigger.run("rmdir", "/a").code()).isEqualTo(128 + SIGUSR1);

    assertThat(paths()).containsExactly("/a");
    assertThat(node.kernel().totals("limited").hooks())
        .containsExactly(new HookTotals(0, 1, 1, 2, 0, 0));
  }

  /** The edition before is forgotten. */
  private static void watch(RateLimit limit, int signal) throws BpfException, IOException {
    var trigger = new BinaryFilter(false, Set.of(Trigger.PROGRAM.toRealPath().toString()));
    node.kernel().remove("limited");
    seen = (int) node.records().stream().filter(Hook.class::isInstance).count();
    node.enforce(
        "limited",
        TestNode.hook(
            RMDIR,
            List.of(new ArgumentPlan(ArgumentKind.STRING, 0, 0)),
            new SelectorPlan(List.of(trigger), List.of(), true, signal, limit, 0)));
  }

  private static int seen;

  private static List<String> paths() {
    return node.records().stream()
        .filter(Hook.class::isInstance)
        .skip(seen)
        .map(hook ->
            new String(((Hook) hook).arguments().getFirst().bytes(), StandardCharsets.UTF_8))
        .toList();
  }
}
