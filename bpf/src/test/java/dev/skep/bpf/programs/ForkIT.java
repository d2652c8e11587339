package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.Scale;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each new process is told once, by whoever made it; no thread is. */
@NeedsKernel
class ForkIT {
  private static final int ENOMEM = 12;

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fork", "vfork", "clone3", "thread-fork"})
  void aProcessIsToldHoweverItIsMade(String how) {
    var family = Family.live("fork", how, "end", 3);

    assertThat(family.ledger()).hasSize(2);
    family.isTold(node);
  }

  @Test
  void aProcessThatExecutesNothingIsForkAndExit() {
    var family = Family.live("fork", "end", 5);

    assertThat(family.lines()).hasSize(2);
    family.isTold(node);
  }

  @Test
  void aChildThatIsMadeASiblingDescendsFromItsMaker() {
    var family = Family.live("fork", "clone-parent", "exec", "end", 4, ".", "end", 0);

    family.isTold(node);
  }

  @Test
  void whoIsAdoptedByAnotherStillDescendsFromItsMaker() {
    var family =
        Family.live(
            "subreaper", "fork", "detach", "exec", "fork", "exec", ".", "end", 7, ".", "end", 0);

    assertThat(family.ledger()).hasSize(3);
    family.isTold(node);
  }

  @Test
  void threadsAreNoProcesses() {
    var family =
        Family.live("fork", "threads", 50, "idle-threads", 20, "exec", "threads", 20, "end", 0);

    assertThat(family.ledger()).hasSize(1);
    family.isTold(node);
  }

  @Test
  void aForkThatFailsIsNone() {
    var family = Family.live("refused-fork");

    assertThat(family.refusals()).containsExactly(ENOMEM);
    assertThat(node.records())
        .filteredOn(record -> record instanceof Fork fork && fork.parent().pid() == family.pid())
        .as("the one that made further ones impossible")
        .hasSize(1);
  }

  @Test
  void aProcessThatIsBornIntoAnotherCgroupCountsThere() throws Exception {
    try (var cgroup = new TestCgroup()) {
      var family =
          Family.live("clone-into", cgroup.folder(), "fork", "exec", "end", 1, ".", "end", 2);

      family.isTold(node);
      assertThat(node.kernel().processTotals(cgroup.id())).isEqualTo(new ProcessTotals(2, 1, 2));
      assertThat(node.records(Fork.class, family.ledger().keySet().iterator().next()))
          .singleElement()
          .satisfies(fork -> assertThat(fork.header().cgroup()).isEqualTo(cgroup.id()));
    }
  }

  @Test
  void aLongLineOfProcessesIsToldAsOne() {
    int generations = Math.max(10, Scale.of(100));
    var family =
        Family.live(
            IntStream.range(0, generations)
                .mapToObj(_ -> List.of("fork", "exec"))
                .flatMap(List::stream)
                .toArray());

    assertThat(family.ledger()).hasSize(generations);
    family.isTold(node);
  }

  @Test
  void oneIdGivenTwiceIsTwoProcesses() {
    var family = Family.live("same-pid");

    family.isTold(node);
    assertThat(family.ledger().values()).anySatisfy(lives -> assertThat(lives).hasSize(4));
  }
}
