package dev.skep.bpf.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.SkepKernel.HeldPolicy;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@NeedsKernel
@NeedsPolicies
class SkepKernelIT {
  private static final int KILLED = 128 + Plans.SIGKILL;

  @RegisterExtension final KernelFixture fixture = new KernelFixture();
  @TempDir Path dir;
  private Path ledger = Path.of("");
  private Path notes = Path.of("");

  @BeforeEach
  void files() throws Exception {
    ledger = Files.writeString(dir.resolve("ledger.txt"), "keep");
    notes = Files.writeString(dir.resolve("notes.txt"), "keep");
  }

  @Test
  void aForbiddenWriteIsKilledBeforeTheFileChanges() throws Exception {
    try (var kernel = fixture.open();
        var events = new Events(kernel)) {
      kernel.apply(Plans.policy("a", 7, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);

      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      assertThat(Shell.write(notes).exitCode()).isZero();

      assertThat(ledger).hasContent("keep");
      assertThat(notes).hasContent("keeplost");
      await().untilAsserted(() -> assertThat(events.hooks()).hasSize(1));
      var hook = events.hooks().getFirst();
      assertThat(hook.policy()).isEqualTo("a");
      assertThat(hook.version()).isEqualTo(7);
      assertThat(hook.action()).isEqualTo(KernelRecord.Action.SIGNAL);
      assertThat(hook.arguments().getFirst().bytes()).asString().isEqualTo(ledger.toString());
      assertThat(kernel.policies()).containsExactlyEntriesOf(held("a", 7, false, 0));
      assertThat(kernel.totals("a").hooks()).containsExactly(new HookTotals(0, 1, 0, 1, 0, 0));
    }
  }

  @Test
  void anEditReplacesInPlaceAndKeepsTheCounters() throws Exception {
    try (var kernel = fixture.open()) {
      kernel.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
      Shell.write(ledger);

      kernel.apply(Plans.policy("a", 2, Plans.killWritesTo(0, notes)), PolicyTotals.NONE);

      assertThat(Shell.write(ledger).exitCode()).isZero();
      assertThat(Shell.write(notes).exitCode()).isEqualTo(KILLED);
      assertThat(kernel.totals("a").hooks()).containsExactly(new HookTotals(0, 2, 0, 2, 0, 0));
      assertThat(kernel.policies()).containsExactlyEntriesOf(held("a", 2, false, 0));
      assertThat(fixture.programIn(1)).isZero();
    }
  }

  @Test
  void aHookThatAnEditTakesAwayActsNoMoreButKeepsItsCounters() throws Exception {
    try (var kernel = fixture.open()) {
      var both = Plans.policy("a", 1, Plans.killWritesTo(0, ledger), Plans.killWritesTo(1, notes));
      kernel.apply(both, PolicyTotals.NONE);
      Shell.write(notes);

      kernel.apply(Plans.policy("a", 2, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);

      assertThat(Shell.write(notes).exitCode()).isZero();
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      assertThat(kernel.policies()).containsExactlyEntriesOf(held("a", 2, false, 0));
      assertThat(kernel.totals("a").hooks())
          .containsExactly(new HookTotals(0, 1, 0, 1, 0, 0), new HookTotals(1, 1, 0, 1, 0, 0));
      assertThat(fixture.programIn(1)).isZero();
    }
  }

  @Test
  void aHookThatAnEditAddsActsBesideTheOthers() throws Exception {
    try (var kernel = fixture.open()) {
      kernel.apply(Plans.policy("a", 1, Plans.killWritesTo(1, ledger)), PolicyTotals.NONE);
      Shell.write(ledger);
      var forks = kernel.totals("a").processes().forks();

      var both = Plans.policy("a", 2, Plans.killWritesTo(0, notes), Plans.killWritesTo(1, ledger));
      kernel.apply(both, PolicyTotals.NONE);

      assertThat(Shell.write(notes).exitCode()).isEqualTo(KILLED);
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      assertThat(kernel.policies()).containsExactlyEntriesOf(held("a", 2, false, 0, 1));
      assertThat(kernel.totals("a").hooks())
          .containsExactly(new HookTotals(0, 1, 0, 1, 0, 0), new HookTotals(1, 2, 0, 2, 0, 0));
      assertThat(kernel.totals("a").processes().forks()).isGreaterThan(forks);
    }
  }

  @Test
  void anEqualPlanIsNotLoadedAgain() throws Exception {
    try (var kernel = fixture.open()) {
      kernel.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
      int program = fixture.programIn(0);

      kernel.apply(Plans.policy("a", 2, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);

      assertThat(program).isNotZero();
      assertThat(fixture.programIn(0)).isEqualTo(program);
      assertThat(kernel.policies()).containsExactlyEntriesOf(held("a", 2, false, 0));
    }
  }

  @Test
  void monitorModeIsSwitchedWithoutLoading() throws Exception {
    try (var kernel = fixture.open();
        var events = new Events(kernel)) {
      var plan = Plans.policy("a", 1, Plans.killWritesTo(0, ledger));
      kernel.apply(plan, PolicyTotals.NONE);
      int program = fixture.programIn(0);

      kernel.apply(Plans.monitor(plan), PolicyTotals.NONE);
      assertThat(Shell.write(ledger).exitCode()).isZero();
      assertThat(kernel.policies()).containsExactlyEntriesOf(held("a", 1, true, 0));
      kernel.apply(plan, PolicyTotals.NONE);
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);

      assertThat(fixture.programIn(0)).isEqualTo(program);
      assertThat(kernel.totals("a").hooks()).containsExactly(new HookTotals(0, 2, 0, 1, 1, 0));
      await()
          .untilAsserted(() ->
              assertThat(events.hooks())
                  .extracting(KernelRecord.Hook::action)
                  .containsExactly(KernelRecord.Action.WOULD_SIGNAL, KernelRecord.Action.SIGNAL));
    }
  }

  @Test
  void aRemovedPolicyLeavesTheOthersAlone() throws Exception {
    try (var kernel = fixture.open()) {
      kernel.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
      kernel.apply(Plans.policy("b", 1, Plans.killWritesTo(0, notes)), PolicyTotals.NONE);

      kernel.remove("a");
      kernel.remove("never there");

      assertThat(Shell.write(ledger).exitCode()).isZero();
      assertThat(Shell.write(notes).exitCode()).isEqualTo(KILLED);
      assertThat(kernel.policies()).containsOnlyKeys("b");
      assertThat(kernel.totals("a")).isEqualTo(PolicyTotals.NONE);
      assertThat(fixture.programIn(0)).isZero();
      assertThat(fixture.setWithId(0)).isZero();
      assertThat(kernel.drops()).containsEntry("chain_cut", 0L);
    }
  }

  @Test
  void equalValueSetsAreInTheKernelOnce() throws Exception {
    try (var kernel = fixture.open()) {
      kernel.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger, notes)), PolicyTotals.NONE);
      kernel.apply(Plans.policy("b", 1, Plans.watchWritesTo(0, notes, ledger)), PolicyTotals.NONE);
      assertThat(fixture.setWithId(0)).isNotZero().isEqualTo(fixture.setWithId(1));

      kernel.remove("a");
      assertThat(fixture.setWithId(0)).isZero();
      assertThat(fixture.setWithId(1)).isNotZero();
      kernel.remove("b");
      assertThat(fixture.setWithId(1)).isZero();
    }
  }

  @Test
  void whatAPolicyCountedBeforeARebootIsCarriedOver() throws Exception {
    try (var kernel = fixture.open()) {
      var seed =
          new PolicyTotals(
              List.of(new HookTotals(0, 10, 20, 30, 40, 50), new HookTotals(3, 1, 0, 0, 0, 0)),
              new ProcessTotals(1000, 2000, 3000));
      kernel.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), seed);
      Shell.write(ledger);
      // Only what the kernel does not know is taken from the seed.
      kernel.apply(Plans.policy("a", 2, Plans.killWritesTo(0, ledger)), seed);

      var totals = kernel.totals("a");
      assertThat(totals.hooks())
          .containsExactly(new HookTotals(0, 11, 20, 31, 40, 50), new HookTotals(3, 1, 0, 0, 0, 0));
      assertThat(totals.processes().forks()).isBetween(1001L, 1100L);
      assertThat(totals.processes().execs()).isBetween(2001L, 2100L);
      assertThat(kernel.policies()).containsExactlyEntriesOf(held("a", 2, false, 0));
    }
  }

  @Test
  void descendantsOfAFollowedProcessAreLetThrough() throws Exception {
    var script = "while read -r text; do /bin/echo \"$text\" >> " + ledger + "; done";
    var trusted = new ProcessBuilder("bash", "-c", script).start();
    try (var kernel = fixture.open();
        var orders = trusted.outputWriter(UTF_8)) {
      var plan = Plans.killWritesOfStrangersTo(0, ledger, Math.toIntExact(trusted.pid()));
      kernel.apply(Plans.policy("a", 1, plan), PolicyTotals.NONE);

      orders.append("mine\n").flush();

      await().untilAsserted(() -> assertThat(ledger).hasContent("keepmine"));
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);

      // The set of another pid gets the same bit: the old descendants must not have it any more.
      kernel.remove("a");
      var others = Plans.killWritesOfStrangersTo(0, ledger, 999_999_999);
      kernel.apply(Plans.policy("b", 1, others), PolicyTotals.NONE);
      orders.append("not mine\n").flush();
      await()
          .untilAsserted(
              () -> assertThat(kernel.totals("b").hooks().getFirst().enforced()).isEqualTo(1));
      assertThat(ledger).hasContent("keepmine");
    } finally {
      trusted.destroyForcibly();
    }
  }

  @Test
  void livingProcessesAreKnownFromTheStart() throws Exception {
    try (var kernel = fixture.open()) {
      long pid = ProcessHandle.current().pid();

      var processes = kernel.processes();

      assertThat(processes)
          .filteredOn(process -> process.header().process().pid() == pid)
          .singleElement()
          .satisfies(process -> {
            assertThat(process.path())
                .asString()
                .isEqualTo(Path.of("/proc/self/exe").toRealPath().toString());
            assertThat(process.cwd()).asString().isEqualTo(Path.of("").toAbsolutePath().toString());
            assertThat(process.arguments())
                .isEqualTo(Files.readAllBytes(Path.of("/proc/self/cmdline")));
          });
      assertThat(processes).extracting(process -> process.header().process().start()).isSorted();
    }
  }

  @Test
  void anEditMovesAHookToOtherSystemCallsAndBack() throws Exception {
    try (var kernel = fixture.open()) {
      var writes = Plans.killWritesTo(0, ledger);
      kernel.apply(Plans.policy("a", 1, writes), PolicyTotals.NONE);
      kernel.apply(Plans.policy("a", 2, Plans.on(writes, Plans.FSYNC)), PolicyTotals.NONE);
      assertThat(Shell.write(ledger).exitCode()).isZero();
      assertThat(
              Shell.run("python3 -c 'import os; os.fsync(os.open(\"%s\", 1))'".formatted(ledger)))
          .matches(run -> run.exitCode() == KILLED);

      kernel.apply(Plans.policy("a", 3, writes), PolicyTotals.NONE);
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      assertThat(kernel.totals("a").hooks()).containsExactly(new HookTotals(0, 2, 0, 2, 0, 0));
      assertThat(kernel.drops()).containsEntry("chain_cut", 0L);
    }
  }

  @Test
  void aFloodIsReadWithoutBeingWokenForEachRecord() throws Exception {
    int writes = 20_000;
    try (var kernel = fixture.open();
        var events = new Events(kernel)) {
      kernel.apply(Plans.policy("a", 1, Plans.watchWritesTo(0, notes)), PolicyTotals.NONE);
      int before = events.idles();

      Shell.run("dd if=/dev/zero of=%s bs=1 count=%d".formatted(notes, writes));

      await()
          .untilAsserted(() -> {
            var counted = kernel.totals("a").hooks().getFirst();
            assertThat(counted.posted()).isEqualTo(writes);
            assertThat(events.hooks()).hasSize(Math.toIntExact(writes - counted.dropped()));
          });
      assertThat(events.idles() - before).isLessThan(writes / 20);
      assertThat(kernel.drops()).containsEntry("decode", 0L);
    }
  }

  @Test
  void aSecondAgentOnTheFolderIsRefused() throws Exception {
    try (var _ = fixture.open()) {
      assertThatThrownBy(fixture::open)
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("is in use by process " + ProcessHandle.current().pid());
    }
    fixture.open().close();
  }

  @Test
  void closeEndsTheConsumer() throws Exception {
    var kernel = fixture.open();
    var events = new Events(kernel);
    kernel.close();
    events.awaitEnd();
  }

  private static Map<String, HeldPolicy> held(
      String uid, long generation, boolean monitor, Integer... hooks) {
    return Map.of(uid, new HeldPolicy(generation, monitor, Set.of(hooks), true));
  }
}
