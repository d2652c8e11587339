package dev.skep.bpf.programs;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.CgroupGone;
import dev.skep.bpf.KernelRecord.CgroupMade;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.NotInVm;
import dev.skep.cluster.Scale;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Policies that act in some cgroups and not in others. */
@NeedsKernel
@NeedsPolicies
class ScopeIT {
  private static final int GETPPID = 110;
  private static final int SIGKILL = 9;
  private static final int KILLED = 128 + SIGKILL;

  /** As maps.h says. */
  private static final int ENTRIES_MAX = 16_384;

  private final TestNode node;
  private final List<TestCgroup> cgroups = new ArrayList<>();

  ScopeIT() throws Exception {
    node = new TestNode();
  }

  @BeforeEach
  void policy() throws Exception {
    node.choose("killer", killer());
  }

  @AfterEach
  void end() throws Exception {
    node.close();
    for (var cgroup : cgroups) {
      cgroup.close();
    }
  }

  @Test
  void aPolicyActsInTheCgroupThatItCoversAndNowhereElse() throws Exception {
    var chosen = cgroup();
    var other = cgroup();

    node.kernel().cover(chosen.id(), Set.of("killer"));

    assertThat(codeIn(chosen)).isEqualTo(KILLED);
    assertThat(codeIn(other)).isZero();
    assertThat(Trigger.run("getppid").code()).isZero();
    assertThat(counted("killer")).isEqualTo(1);
    assertThat(node.kernel().policies().get("killer"))
        .satisfies(held -> assertThat(held.complete()).isTrue());
  }

  @Test
  void whoComesIntoTheCgroupIsCoveredAndWhoLeavesItIsNot() throws Exception {
    var chosen = cgroup();
    var other = cgroup();
    node.kernel().cover(chosen.id(), Set.of("killer"));

    var outcome = Trigger.run("join", chosen.processes(), "join", other.processes(), "getppid");

    assertThat(outcome.code()).isZero();
    assertThat(codeIn(chosen)).isEqualTo(KILLED);
  }

  @Test
  void aCgroupThatIsMadeLaterIsCoveredFromTheFirstCallOn() throws Exception {
    var pod = cgroup();
    node.kernel().cover(pod.id(), Set.of("killer"));

    var deepest = pod.child("one").child("two").child("three");

    assertThat(codeIn(deepest)).isEqualTo(KILLED);
    assertThat(firstCallIn(deepest)).isEqualTo(KILLED);
    assertThat(firstCallIn(cgroup())).isZero();
    assertThat(counted("killer")).isEqualTo(2);
  }

  @Test
  void oneThatWasThereBeforeIsCoveredOnceItIsNamed() throws Exception {
    var pod = cgroup();
    var container = pod.child("container");
    node.kernel().cover(pod.id(), Set.of("killer"));
    assertThat(codeIn(container)).isZero();

    node.kernel().cover(container.id(), Set.of("killer"));

    assertThat(codeIn(container)).isEqualTo(KILLED);
  }

  @Test
  void whatIsSaidOfACgroupGoesBeforeWhatItInherited() throws Exception {
    var pod = cgroup();
    node.kernel().cover(pod.id(), Set.of("killer"));
    var container = pod.child("container");

    node.kernel().cover(container.id(), Set.of());

    assertThat(codeIn(container)).isZero();
    assertThat(codeIn(pod)).isEqualTo(KILLED);
    assertThat(codeIn(pod.child("another"))).isEqualTo(KILLED);
    assertThat(codeIn(container.child("below"))).isZero();
  }

  @Test
  void aCgroupCanBeUncoveredAndCoveredAgain() throws Exception {
    var chosen = cgroup();
    for (int turn = 0; turn < 3; turn++) {
      node.kernel().cover(chosen.id(), Set.of("killer"));
      assertThat(codeIn(chosen)).isEqualTo(KILLED);
      node.kernel().uncover(chosen.id());
      assertThat(codeIn(chosen)).isZero();
      assertThat(entries()).isEmpty();
    }
    assertThat(counted("killer")).isEqualTo(3);
  }

  @Test
  void whatCoversTheOthersIsNotForThoseOfWhichSomethingWasSaid() throws Exception {
    var pods = cgroup();
    node.kernel().cover(pods.id(), Set.of());
    var pod = pods.child("pod");

    node.kernel().coverOthers(Set.of("killer"));

    assertThat(Trigger.run("getppid").code()).isEqualTo(KILLED);
    assertThat(codeIn(cgroup())).isEqualTo(KILLED);
    assertThat(codeIn(pod)).isZero();
    node.kernel().coverOthers(Set.of());
    assertThat(Trigger.run("getppid").code()).isZero();
  }

  @Test
  void aPolicyWithoutScopeActsWhateverIsSaid() throws Exception {
    var named = cgroup();
    node.kernel().cover(named.id(), Set.of());
    assertThat(codeIn(named)).isZero();

    node.enforce("everywhere", killer());

    assertThat(codeIn(named)).isEqualTo(KILLED);
    assertThat(Trigger.run("getppid").code()).isEqualTo(KILLED);
    node.choose("everywhere", killer()); // an edit
    assertThat(codeIn(named)).isZero();
    assertThat(Trigger.run("getppid").code()).isZero();
  }

  @Test
  void aPolicyThatComesAfterItsCgroupsActsInThemFromThenOn() throws Exception {
    var chosen = cgroup();
    node.kernel().cover(chosen.id(), Set.of("later", "never"));
    var inherited = chosen.child("container");
    assertThat(codeIn(inherited)).isZero();

    node.choose("later", killer());

    assertThat(codeIn(inherited)).isEqualTo(KILLED);
    assertThat(codeIn(chosen)).isEqualTo(KILLED);
    assertThat(counted("killer")).isZero();
  }

  @Test
  void aRemovedPolicyIsInNoCoverAndItsSlotIsNobodysForWhoComesNext() throws Exception {
    var chosen = cgroup();
    node.kernel().cover(chosen.id(), Set.of("killer"));
    assertThat(slots()).isNotEmpty();

    node.kernel().remove("killer");

    assertThat(codeIn(chosen)).isZero();
    assertThat(slots()).isEmpty();
    node.choose("next", killer());
    assertThat(codeIn(chosen)).isZero();
  }

  @Test
  void whenACgroupIsRemovedNothingIsLeftOfIt() throws Exception {
    var pod = cgroup();
    node.kernel().cover(pod.id(), Set.of("killer"));
    var container = pod.child("container");
    assertThat(entries()).containsExactlyInAnyOrder(pod.id(), container.id());

    container.close();
    assertThat(entries()).containsExactly(pod.id());
    pod.close();
    cgroups.clear();

    assertThat(entries()).isEmpty();
  }

  @Test
  void cgroupsAreToldAsTheyComeAndGo() throws Exception {
    var pod = cgroup();
    var container = pod.child("container");
    container.close();

    var records = node.records();

    assertThat(of(records, CgroupMade.class, pod.id()))
        .satisfies(made -> {
          assertThat(new String(made.path(), UTF_8)).isEqualTo(pod.path());
          assertThat(made.level()).isEqualTo(Path.of(pod.path()).getNameCount());
          assertThat(made.header().process().pid()).isEqualTo((int) ProcessHandle.current().pid());
        });
    assertThat(of(records, CgroupMade.class, container.id()))
        .satisfies(made -> {
          assertThat(new String(made.path(), UTF_8)).isEqualTo(container.path());
          assertThat(made.parent()).isEqualTo(pod.id());
          assertThat(node.kernel().cgroupPath(made.parent())).hasValue(pod.path());
        });
    assertThat(of(records, CgroupGone.class, container.id()).header().time())
        .isGreaterThan(of(records, CgroupMade.class, container.id()).header().time());
  }

  @Test
  void fiftyPoliciesAreChosenEachForItself() throws Exception {
    int policies = Math.max(9, Scale.of(50));
    var calls = List.of(4, 6, 21, 82, 83, 84, 85, 86, 87, 88, 89, 90, 92, 94, 102, 104, 107, 108);
    var some = cgroup();
    var more = cgroup();
    for (int i = 0; i < policies; i++) {
      node.choose("p" + i, TestNode.hook(calls.get(i % calls.size()), List.of()));
    }
    node.kernel().cover(some.id(), every(3, policies));
    node.kernel().cover(more.id(), every(2, policies));

    callAll(some, calls);
    callAll(more, calls);
    callAll(more.child("container"), calls);

    for (int i = 0; i < policies; i++) {
      assertThat(counted("p" + i))
          .as("policy %d", i)
          .isEqualTo((i % 3 == 0 ? 1 : 0) + (i % 2 == 0 ? 2 : 0));
    }
  }

  @Test
  void twoThousandCgroupsFollowOneEdit() throws Exception {
    int count = Scale.of(2000);
    var pods = cgroup();
    var all = new ArrayList<TestCgroup>();
    for (int i = 0; i < count; i++) {
      all.add(pods.child("pod" + i));
      node.kernel().cover(all.getLast().id(), Set.of("killer", "other " + i % 100));
    }
    assertThat(codeIn(all.getFirst())).isEqualTo(KILLED);
    assertThat(codeIn(all.getLast())).isEqualTo(KILLED);

    node.choose("killer", TestNode.hook(GETPPID, List.of()));
    assertThat(codeIn(all.get(count / 2))).isZero();
    assertThat(counted("killer")).isEqualTo(3);
    node.kernel().remove("killer");
    assertThat(slots()).isEmpty();

    assertThat(entries()).hasSize(count);
    pods.close();
    cgroups.clear();
    assertThat(entries()).isEmpty();
  }

  @Test
  void aCallTakes32HooksOfPoliciesThatActTogetherAndAnyNumberOfOthers() throws Exception {
    var one = cgroup();
    var another = cgroup();
    var call = TestNode.hook(84, List.of());
    for (int i = 0; i < 40; i++) {
      node.choose("p" + i, call);
    }
    node.kernel().cover(one.id(), uids(0, 20));
    node.kernel().cover(another.id(), uids(8, 40));

    callAll(one, List.of(84));
    callAll(another, List.of(84));
    assertThat(counted("p10")).isEqualTo(2);
    assertThat(counted("p0")).isEqualTo(1);
    assertThat(counted("p39")).isEqualTo(1);
    assertThat(node.kernel().drops()).containsEntry("chain_cut", 0L);
    assertThatThrownBy(() -> node.kernel().cover(one.id(), uids(0, 33)))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("system call 84 would have 33 hooks");
    assertThatThrownBy(() -> node.enforce("everywhere", call))
        .hasMessageContaining("system call 84 would have 33 hooks");
    node.kernel().uncover(another.id());
    node.enforce("everywhere", call);
  }

  @Test
  @NotInVm("an emulated machine takes minutes to make as many cgroups")
  void moreCgroupsThanThereIsRoomForAreRefusedAndCounted() throws Exception {
    var pods = cgroup();
    node.kernel().cover(pods.id(), Set.of("killer"));
    for (int i = 1; i < ENTRIES_MAX; i++) {
      pods.child("pod" + i);
    }
    assertThat(node.kernel().drops()).containsEntry("cover_map_full", 0L);
    var tooMany = pods.child("one too many");

    assertThat(node.kernel().drops()).containsEntry("cover_map_full", 1L);
    assertThat(codeIn(tooMany)).isZero();
    assertThatThrownBy(() -> node.kernel().cover(tooMany.id(), Set.of("killer")))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("cgroup " + tooMany.id() + ": policies can be chosen for 16384");
    node.kernel().cover(pods.id(), Set.of()); // one that is there can always be changed
    assertThat(codeIn(pods)).isZero();
  }

  private static HookPlan killer() throws Exception {
    var trigger = new BinaryFilter(false, Set.of(Trigger.PROGRAM.toRealPath().toString()));
    return TestNode.hook(
        GETPPID,
        List.of(),
        new SelectorPlan(List.of(), List.of(trigger), List.of(), true, SIGKILL));
  }

  private TestCgroup cgroup() throws Exception {
    var cgroup = new TestCgroup();
    cgroups.add(cgroup);
    return cgroup;
  }

  private static int codeIn(TestCgroup cgroup) {
    return Trigger.run("join", cgroup.processes(), "getppid").code();
  }

  private static long firstCallIn(TestCgroup cgroup) {
    return Trigger.run("first-call-in", cgroup.folder(), GETPPID).last();
  }

  private static void callAll(TestCgroup cgroup, List<Integer> calls) {
    var words = new ArrayList<Object>(List.of("join", cgroup.processes()));
    calls.forEach(call -> words.addAll(List.of("call", call)));
    assertThat(Trigger.run(words.toArray()).code()).isZero();
  }

  private static Set<String> every(int step, int policies) {
    var uids = new HashSet<String>();
    IntStream.iterate(0, i -> i < policies, i -> i + step).forEach(i -> uids.add("p" + i));
    return uids;
  }

  private static Set<String> uids(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "p" + i).collect(Collectors.toSet());
  }

  private long counted(String uid) throws BpfException {
    return node.kernel().totals(uid).hooks().stream().mapToLong(HookTotals::posted).sum();
  }

  /** The cgroups that have a cover of their own, as anybody can read them. */
  private Set<Long> entries() throws Exception {
    var entries = new HashSet<Long>();
    try (var map = KernelMap.pinned(Path.of(node.kernel().folder(), "maps", "cgroup_covers"))) {
      map.forEach((key, _) -> entries.add(key.get(JAVA_LONG, 0)));
    }
    return entries;
  }

  /** What is not zero in any cover. */
  private List<Long> slots() throws Exception {
    var words = new ArrayList<Long>();
    try (var map = KernelMap.pinned(Path.of(node.kernel().folder(), "maps", "covers"))) {
      map.forEach((_, value) -> {
        for (long word : value.toArray(JAVA_LONG)) {
          if (word != 0) {
            words.add(word);
          }
        }
      });
    }
    return words;
  }

  private static <R extends KernelRecord> R of(
      List<KernelRecord> records, Class<R> kind, long cgroup) {
    return records.stream()
        .filter(kind::isInstance)
        .filter(record ->
            switch (record) {
              case CgroupMade made -> made.cgroup() == cgroup;
              case CgroupGone gone -> gone.cgroup() == cgroup;
              default -> false;
            })
        .map(kind::cast)
        .findFirst()
        .orElseThrow();
  }
}
