package dev.skep.bpf.programs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.Scale;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsKernel
class ProcessLifeIT {
  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @Test
  void everyForkExecAndExitOfAStormIsCountedForItsCgroup() throws Exception {
    int each = Scale.of(10_000);
    long runs = 2L * each;
    try (var cgroup = new TestCgroup()) {
      var outcome = Trigger.run("join", cgroup.processes(), "storm", 2, each, Trigger.TINY);

      assertThat(outcome.last()).as("runs that failed").isZero();
      // Two forks for the lines of the storm, and the exit of the one that started them.
      assertThat(node.kernel().processTotals(cgroup.id()))
          .isEqualTo(new ProcessTotals(runs + 2, runs, runs + 3));
    }
  }

  @Test
  void threadsAreNoProcesses() {
    var outcome = Trigger.run("threads", 50);

    assertThat(node.records(Exit.class, outcome.pid())).hasSize(1);
    assertThat(node.records(Fork.class, outcome.pid())).hasSize(1);
    assertThat(node.records())
        .noneMatch(record -> record instanceof Fork fork && fork.parent().pid() == outcome.pid());
  }

  @Test
  void anExecTellsPathFolderArgumentsAndParent(@TempDir Path folder) throws IOException {
    var here = folder.toRealPath();

    var outcome = Trigger.run(here, "open", "a b", "unlink", "a b", "rmdir", "");

    var exec = node.records(Exec.class, outcome.pid()).getLast();
    assertThat(new String(exec.path(), UTF_8)).isEqualTo(Trigger.PROGRAM.toRealPath().toString());
    assertThat(new String(exec.cwd(), UTF_8)).isEqualTo(here.toString());
    assertThat(new String(exec.arguments(), UTF_8))
        .isEqualTo(Trigger.PROGRAM + "\0open\0a b\0unlink\0a b\0rmdir\0\0");
    assertThat(exec.parent().pid()).isEqualTo((int) ProcessHandle.current().pid());
    assertThat(exec.header().process().start()).isPositive().isLessThan(exec.header().time());
    assertThat(exec.flags()).isZero();
  }

  @Test
  void theExitCodeIsTheOneThatTheParentGets() {
    var killed = Trigger.run("raise", 11);
    var byThreads = Trigger.run("leave-by-threads", 5, 9);

    assertThat(killed.code()).isEqualTo(128 + 11);
    assertThat(node.records(Exit.class, killed.pid()))
        .singleElement()
        .satisfies(exit -> assertThat(exit.code() & 0x7f).isEqualTo(11));
    assertThat(node.records(Exit.class, byThreads.pid()))
        .singleElement()
        .satisfies(exit -> assertThat(exit.code()).isEqualTo(byThreads.code() << 8));
  }

  @Test
  void aProcessKnowsItsIdInItsOwnNamespace() {
    var outcome = Trigger.run("fork-namespace", "getppid");

    assertThat(node.records())
        .filteredOn(record -> record instanceof Fork fork && fork.parent().pid() == outcome.pid())
        .singleElement()
        .satisfies(record -> assertThat(((Fork) record).namespacePid()).isEqualTo(1));
  }
}
