package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.programs.TestCgroup;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a policy counts that is chosen for some cgroups: their processes, while it is. */
@NeedsKernel
@NeedsPolicies
class ScopeTotalsIT {
  private static final ProcessTotals NOTHING = new ProcessTotals(0, 0, 0);

  @RegisterExtension final KernelFixture fixture = new KernelFixture();
  private final TestCgroup pod;
  private final TestCgroup other;
  private SkepKernel kernel;

  ScopeTotalsIT() throws Exception {
    pod = new TestCgroup();
    other = new TestCgroup();
    kernel = fixture.open();
  }

  @BeforeEach
  void policies() throws Exception {
    apply("a", PolicyTotals.NONE);
    apply("b", PolicyTotals.NONE);
  }

  @AfterEach
  void end() throws Exception {
    kernel.close();
    pod.close();
    other.close();
  }

  @Test
  void theProcessesOfItsCgroupsAreCountedAndNoOthers() throws Exception {
    run(pod, 5); // before
    kernel.cover(pod.id(), Set.of("a"));

    run(pod, 10);
    run(other, 20);

    assertThat(of("a")).isEqualTo(ran(10));
    assertThat(of("b")).isEqualTo(NOTHING);
  }

  @Test
  void aCgroupThatGoesInAndOutIsCountedWhileItIsIn() throws Exception {
    kernel.cover(pod.id(), Set.of("a"));
    run(pod, 3);
    kernel.cover(pod.id(), Set.of("b"));
    run(pod, 5);
    kernel.cover(pod.id(), Set.of("a", "b"));
    run(pod, 7);
    kernel.uncover(pod.id());
    run(pod, 11);
    kernel.cover(pod.id(), Set.of("a"));
    run(pod, 13);

    assertThat(of("a")).isEqualTo(ran(3, 7, 13));
    assertThat(of("b")).isEqualTo(ran(5, 7));
  }

  @Test
  void whatIsMadeBelowCountsFromItsFirstProcessAndStaysWhenItIsGone() throws Exception {
    kernel.cover(pod.id(), Set.of("a"));
    for (int i = 1; i <= 3; i++) {
      try (var container = pod.child("container" + i)) {
        run(container, i);
      }
      kernel.processTotals(); // tidies up what is gone
    }

    assertThat(of("a")).isEqualTo(ran(1, 2, 3));
  }

  @Test
  void theOthersCountForWhoIsForThem() throws Exception {
    kernel.cover(pod.id(), Set.of("b"));
    kernel.coverOthers(Set.of("a"));
    run(other, 20);
    var atLeast = ran(20);
    kernel.coverOthers(Set.of());
    var counted = of("a");
    run(other, 20);
    run(pod, 5);

    assertThat(counted.forks()).isGreaterThanOrEqualTo(atLeast.forks());
    assertThat(counted.exits()).isGreaterThanOrEqualTo(atLeast.exits());
    assertThat(of("a")).isEqualTo(counted);
    assertThat(of("b")).isEqualTo(ran(5));
  }

  @Test
  void aPolicyCountsFromItsBeginningOnAndWhatItHadBefore() throws Exception {
    kernel.cover(pod.id(), Set.of("late"));
    run(pod, 5);
    apply("late", new PolicyTotals(List.of(), new ProcessTotals(1000, 2000, 3000)));
    run(pod, 7);
    assertThat(of("late")).isEqualTo(new ProcessTotals(1007, 2007, 3008));

    kernel.remove("late");
    run(pod, 9);
    apply("late", PolicyTotals.NONE);
    run(pod, 3);

    assertThat(of("late")).isEqualTo(ran(3));
  }

  @Test
  void anEditOfTheScopeKeepsWhatWasCounted() throws Exception {
    kernel.cover(pod.id(), Set.of("a"));
    run(pod, 5);

    kernel.apply(plan("a"), PolicyTotals.NONE); // everywhere
    run(other, 7);
    var everywhere = of("a");
    assertThat(everywhere.forks()).isGreaterThanOrEqualTo(12);
    apply("a", PolicyTotals.NONE);
    var chosenAgain = of("a");
    run(other, 7);
    run(pod, 2);

    assertThat(chosenAgain.forks()).isGreaterThanOrEqualTo(everywhere.forks());
    assertThat(of("a")).isEqualTo(chosenAgain.plus(ran(2)));
  }

  @Test
  void theNextAgentFindsAllCountsAndGoesOn() throws Exception {
    kernel.cover(pod.id(), Set.of("a"));
    run(pod, 3);
    var container = pod.child("container");
    kernel.close();
    run(container, 5); // nobody is there
    container.close();
    var unseen = pod.child("unseen");

    kernel = fixture.open();
    assertThat(of("a")).isEqualTo(ran(3, 5));
    run(unseen, 7);
    apply("a", PolicyTotals.NONE);
    kernel.cover(pod.id(), Set.of("a", "b"));
    run(pod, 11);

    assertThat(of("a")).isEqualTo(ran(3, 5, 7, 11));
    assertThat(of("b")).isEqualTo(ran(11));
  }

  /** There are 2,048 numbers for them; those that nobody has are used again. */
  @Test
  void moreSetsOfPoliciesThanTheKernelHasRoomForComeAndGoWithoutLosingACount() throws Exception {
    var uids = IntStream.range(0, 12).mapToObj(i -> "p" + i).toList();
    for (var uid : uids.subList(0, 3)) {
      apply(uid, PolicyTotals.NONE);
    }
    int[] runs = new int[3];
    for (int set = 1; set < 1 << uids.size(); set++) {
      kernel.cover(pod.id(), members(uids, set));
      if (set % 500 == 7) { // the three lowest bits are set
        run(pod, 2);
        for (int policy = 0; policy < runs.length; policy++) {
          runs[policy] += (set >> policy) & 1;
        }
      }
    }

    for (int policy = 0; policy < runs.length; policy++) {
      var each = IntStream.generate(() -> 2).limit(runs[policy]).toArray();
      assertThat(of(uids.get(policy))).isEqualTo(ran(each));
    }
    kernel.close();
    kernel = fixture.open();
    assertThat(of("p0")).isEqualTo(ran(IntStream.generate(() -> 2).limit(runs[0]).toArray()));
  }

  /** As kill -9 in the middle leaves it: one policy has in its base what the other still counts. */
  @Test
  void countsThatAnAgentWasFoldingWhenItEndedAreThereOnce() throws Exception {
    kernel.cover(pod.id(), Set.of("a", "b"));
    run(pod, 5);
    kernel.cover(pod.id(), Set.of());
    kernel.close();
    fixture.foldHalf("a", 1, ran(5));

    kernel = fixture.open();

    assertThat(of("a")).isEqualTo(ran(5));
    assertThat(of("b")).isEqualTo(ran(5));
    kernel.close();
    kernel = fixture.open();
    assertThat(of("a")).isEqualTo(ran(5));
  }

  private static Set<String> members(List<String> uids, int set) {
    return IntStream.range(0, uids.size())
        .filter(i -> (set >> i & 1) == 1)
        .mapToObj(uids::get)
        .collect(Collectors.toCollection(HashSet::new));
  }

  private void apply(String uid, PolicyTotals seed) throws Exception {
    kernel.apply(Plans.chosen(plan(uid)), seed);
  }

  private static PolicyPlan plan(String uid) {
    return Plans.policy(uid, 1, Plans.watchWritesTo(0, Path.of("/nowhere")));
  }

  private ProcessTotals of(String uid) throws Exception {
    return kernel.totals(uid).processes();
  }

  /** A shell comes in, executes something so many times, and ends. */
  private static void run(TestCgroup cgroup, int times) throws Exception {
    var shell =
        Shell.run(
            "echo $$ > %s && for ((i = 0; i < %d; i++)); do /bin/true; done"
                .formatted(cgroup.processes(), times));
    assertThat(shell.exitCode()).as(shell.output()).isZero();
  }

  /** What such runs count. */
  private static ProcessTotals ran(int... times) {
    long sum = IntStream.of(times).sum();
    return new ProcessTotals(sum, sum, sum + times.length);
  }
}
