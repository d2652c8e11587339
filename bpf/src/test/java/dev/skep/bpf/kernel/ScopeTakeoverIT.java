package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.programs.TestCgroup;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.Scale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What covers which cgroups, while agents and editions follow each other. */
@NeedsKernel
@NeedsPolicies
class ScopeTakeoverIT {
  private static final int KILLED = 128 + Plans.SIGKILL;

  @RegisterExtension final KernelFixture fixture = new KernelFixture();
  @TempDir Path dir;
  private final TestCgroup pod;
  private Path ledger = Path.of("");

  ScopeTakeoverIT() throws Exception {
    pod = new TestCgroup();
  }

  @BeforeEach
  void file() throws Exception {
    ledger = Files.writeString(dir.resolve("ledger.txt"), "keep");
  }

  @AfterEach
  void removeCgroups() throws Exception {
    pod.close();
  }

  @Test
  void whatAnAgentSaidHoldsWithoutItAndForTheNext() throws Exception {
    var first = fixture.open();
    first.apply(plan(1), PolicyTotals.NONE);
    first.cover(pod.id(), Set.of("a"));
    first.close();

    var container = pod.child("container");
    assertThat(writeIn(container).exitCode()).isEqualTo(KILLED);
    assertThat(Shell.write(dir.resolve("ledger.txt")).exitCode()).isZero();

    try (var second = fixture.open()) {
      assertThat(writeIn(container).exitCode()).isEqualTo(KILLED);
      second.apply(plan(2, dir.resolve("other")), PolicyTotals.NONE);
      assertThat(writeIn(container).exitCode()).isZero();
      second.apply(plan(3), PolicyTotals.NONE);
      assertThat(writeIn(container).exitCode()).isEqualTo(KILLED);
      second.cover(container.id(), Set.of());
      assertThat(writeIn(container).exitCode()).isZero();
      assertThat(writeIn(pod).exitCode()).isEqualTo(KILLED);
      second.remove("a");
      assertThat(writeIn(pod).exitCode()).isZero();
    }
  }

  @Test
  void whatCoversTheOthersHoldsToo() throws Exception {
    var first = fixture.open();
    first.apply(plan(1), PolicyTotals.NONE);
    first.coverOthers(Set.of("a"));
    first.cover(pod.id(), Set.of());
    first.close();

    try (var second = fixture.open()) {
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      assertThat(writeIn(pod).exitCode()).isZero();
      second.coverOthers(Set.of());
      assertThat(Shell.write(ledger).exitCode()).isZero();
    }
  }

  /** Each attempt comes from a cgroup of its own, made while editions and agents change. */
  @Test
  void noWriteSlipsThroughAndNoneIsCountedTwiceWhileAgentsAndEditionsChange() throws Exception {
    int most = 1500; // whose records the ring has room for, should nobody read it
    int enough = Math.max(3, Scale.of(20));
    var codes = dir.resolve("codes");
    var end = dir.resolve("end");
    var kernel = fixture.open();
    kernel.apply(plan(1), PolicyTotals.NONE);
    kernel.cover(pod.id(), Set.of("a"));
    var events = new ArrayList<Events>();
    events.add(new Events(kernel));
    var attacker =
        new ProcessBuilder(
                "bash",
                "-c",
                """
                for i in $(seq %d); do
                  [ -e %s ] && break
                  mkdir %3$s/c$i
                  (echo $BASHPID > %3$s/c$i/cgroup.procs; exec /bin/echo lost >> %4$s)
                  echo $? >> %5$s
                  rmdir %3$s/c$i
                done
                """
                    .formatted(most, end, pod.folder(), ledger, codes))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    int takeovers = 0;
    try {
      while (attacker.isAlive() && takeovers < enough) {
        kernel.close();
        events.getLast().awaitEnd();
        kernel = fixture.open();
        events.add(new Events(kernel));
        change(kernel, takeovers);
        takeovers++;
      }
      Files.createFile(end);
      attacker.waitFor();
    } finally {
      attacker.destroy();
    }
    int attempts = Files.readAllLines(codes).size();

    try (var last = kernel) {
      assertThat(takeovers).isGreaterThan(2);
      assertThat(attempts).isGreaterThan(takeovers);
      assertThat(ledger).hasContent("keep");
      assertThat(Files.readAllLines(codes)).containsOnly("" + KILLED);
      assertThat(last.totals("a").hooks()).contains(new HookTotals(0, attempts, 0, attempts, 0, 0));
      // A shell is forked for each, and the last thing that it does is to execute what writes.
      assertThat(last.totals("a").processes().exits()).isEqualTo(attempts);
      assertThat(last.totals("a").processes().execs()).isEqualTo(attempts);
      await()
          .untilAsserted(() ->
              assertThat(events.stream().mapToInt(reader -> reader.hooks().size()).sum())
                  .isEqualTo(attempts));
      assertThat(last.drops()).containsEntry("cover_map_full", 0L);
    }
  }

  /** The write stays forbidden by each edition, and by each set of policies that has this one. */
  private void change(SkepKernel kernel, int turn) throws Exception {
    kernel.apply(plan(2 + turn, dir.resolve("other" + turn), ledger), PolicyTotals.NONE);
    kernel.cover(pod.id(), Set.of("a", "pending " + turn));
    var more = Plans.watchWritesTo(1, dir.resolve("more" + turn));
    var hooks = new ArrayList<>(plan(2 + turn).hooks());
    hooks.add(more);
    kernel.apply(
        new PolicyPlan("a", 2 + turn, false, PolicyPlan.Scope.CHOSEN, List.copyOf(hooks)),
        PolicyTotals.NONE);
    kernel.apply(Plans.chosen(Plans.policy("b" + turn, 1, more)), PolicyTotals.NONE);
    kernel.cover(pod.id(), Set.of("a", "b" + turn));
    kernel.remove("b" + turn);
  }

  private PolicyPlan plan(long generation, Path... files) {
    return Plans.chosen(
        Plans.policy(
            "a",
            generation,
            Plans.killWritesTo(0, files.length == 0 ? new Path[] {ledger} : files)));
  }

  private Shell writeIn(TestCgroup cgroup) throws Exception {
    return Shell.run(
        "echo $$ > %s; exec /bin/echo lost >> %s".formatted(cgroup.processes(), ledger));
  }
}
