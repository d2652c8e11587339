package dev.skep.agent.pod;

import static dev.skep.agent.pod.TestPods.containerPath;
import static dev.skep.agent.pod.TestPods.pod;
import static dev.skep.agent.pod.TestPods.podPath;
import static dev.skep.agent.pod.TestPods.uid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.policy.LabelSelector;
import dev.skep.policy.LabelSelector.Operator;
import dev.skep.policy.LabelSelector.Requirement;
import dev.skep.policy.Scope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoverageTest {
  private static final long ROOT = 1;
  private static final long POD = 10;
  private static final long MAIN = 11;
  private static final long NESTED = 12;
  private static final Map<String, String> BLUE = Map.of("color", "blue");
  private static final Map<String, String> RED = Map.of("color", "red");

  /** What the kernel holds; cgroups without an entry are the others. */
  private static final class Held implements Coverage.Kernel {
    final Map<Long, Set<String>> covers = new TreeMap<>();
    Set<String> others = Set.of();
    int calls;
    int refusals;

    @Override
    public void cover(long cgroup, Set<String> uids) throws BpfException {
      call();
      covers.put(cgroup, uids);
    }

    @Override
    public void uncover(long cgroup) throws BpfException {
      call();
      covers.remove(cgroup);
    }

    @Override
    public void coverOthers(Set<String> uids) throws BpfException {
      call();
      others = uids;
    }

    private void call() throws BpfException {
      calls++;
      if (refusals > 0) {
        refusals--;
        throw new BpfException("cover", 28, "no room");
      }
    }

    /** As the kernel does. */
    void made(long cgroup, long parent) {
      var inherited = covers.get(parent);
      if (inherited != null) {
        covers.put(cgroup, inherited);
      }
    }

    @Nullable Set<String> of(long cgroup) {
      return covers.get(cgroup);
    }
  }

  private final Held held = new Held();
  private final Coverage coverage = new Coverage(held);

  /** One pod with one container and something below it. */
  private void onePod() {
    coverage.found(ROOT, "/kubepods.slice");
    coverage.found(POD, podPath(1));
    coverage.found(MAIN, containerPath(1, 10));
    coverage.found(NESTED, containerPath(1, 10) + "/init.scope");
    coverage.found(99, "/system.slice/cron.service");
    coverage.listed();
    coverage.settled();
  }

  @Test
  void aPodSelectorCoversWhatItChoosesFromThePodsCgroupDownAndFollowsTheLabels() {
    onePod();
    coverage.pod(pod(1, "shop", BLUE));
    coverage.policy("p", scope(null, is("color", "blue"), LabelSelector.EVERYTHING));
    assertThat(held.covers)
        .isEqualTo(
            Map.of(ROOT, Set.of(), POD, Set.of("p"), MAIN, Set.of("p"), NESTED, Set.of("p")));
    assertThat(held.others).isEmpty();

    coverage.pod(pod(1, "shop", RED));
    assertThat(held.of(POD)).isEmpty();
    assertThat(held.of(NESTED)).isEmpty();

    coverage.pod(pod(1, "shop", BLUE));
    assertThat(held.of(NESTED)).containsExactly("p");
    coverage.policyGone("p");
    assertThat(held.covers).isEmpty();
  }

  @Test
  void aPolicyOfANamespaceCoversItsPodsAloneAndNeverTheHost() {
    onePod();
    coverage.pod(pod(1, "shop", BLUE));
    coverage.policy("theirs", scope("bank", LabelSelector.EVERYTHING, LabelSelector.EVERYTHING));
    coverage.policy("ours", scope("shop", LabelSelector.EVERYTHING, LabelSelector.EVERYTHING));

    assertThat(held.of(ROOT)).isEmpty();
    assertThat(held.of(POD)).containsExactly("ours");
    assertThat(held.of(MAIN)).containsExactly("ours");
    assertThat(held.others).isEmpty();
    assertThat(held.covers).doesNotContainKey(99L);
  }

  @Test
  void whatChoosesAllPodsCoversThoseThatNobodyKnowsYet() {
    onePod();
    coverage.policy("all", scope(null, LabelSelector.EVERYTHING, LabelSelector.EVERYTHING));
    assertThat(held.of(ROOT)).containsExactly("all");
    assertThat(held.of(POD)).containsExactly("all");
    assertThat(held.others).isEmpty();
  }

  @Test
  void aHostSelectorCoversWhatIsNoPods() {
    onePod();
    coverage.policy("host", new Scope(null, LabelSelector.NOTHING, LabelSelector.EVERYTHING, true));
    assertThat(held.others).containsExactly("host");
    assertThat(held.of(ROOT)).isEmpty();
    assertThat(held.of(MAIN)).isEmpty();
  }

  @Test
  void aContainerSelectorCoversTheContainerOnceItsNameIsKnown() {
    onePod();
    coverage.pod(pod(1, "shop", BLUE));
    coverage.policy("c10", scope(null, LabelSelector.EVERYTHING, is("name", "c10")));
    assertThat(held.of(MAIN)).isEmpty();

    coverage.pod(pod(1, "shop", BLUE, 10, 11));
    assertThat(held.of(MAIN)).containsExactly("c10");
    assertThat(held.of(NESTED)).containsExactly("c10");
    assertThat(held.of(POD)).isEmpty();

    held.made(13, POD);
    coverage.made(13, POD, containerPath(1, 11));
    assertThat(held.of(13)).isEmpty();
    coverage.policy("repo", scope(null, LabelSelector.EVERYTHING, is("repo", "registry/image-2")));
    assertThat(held.of(13)).containsExactly("repo");
  }

  @Test
  void whatIsMadeLaterIsCoveredAndWhatItInheritedInBetweenIsPutRight() {
    onePod();
    coverage.policy("p", scope(null, is("color", "blue"), LabelSelector.EVERYTHING));
    held.made(20, ROOT);
    held.made(21, 20);
    coverage.pod(pod(2, "shop", BLUE)); // between the kernel and us
    coverage.made(20, ROOT, podPath(2));
    coverage.made(21, 20, containerPath(2, 20));

    assertThat(held.of(20)).containsExactly("p");
    assertThat(held.of(21)).containsExactly("p");
  }

  @Test
  void whatIsMadeIsKnownByWhatIsAboveItWhateverTheKernelPutsInFront() {
    onePod();
    coverage.found(2, "/");
    coverage.policy("all", scope(null, LabelSelector.EVERYTHING, LabelSelector.EVERYTHING));
    var node = "/docker/" + TestPods.id(99);
    coverage.made(30, 2, node + "/kubepods");
    coverage.made(31, 30, node + "/kubepods/pod" + uid(3));
    coverage.made(32, 2, node + "/system.slice");

    assertThat(held.of(30)).containsExactly("all");
    assertThat(held.of(31)).containsExactly("all");
    assertThat(held.covers).doesNotContainKey(32L);
  }

  @Test
  void nothingIsSaidBeforeAllPodsAndAllPoliciesAreKnown() {
    held.covers.put(POD, Set.of("old"));
    coverage.policy("p", scope(null, LabelSelector.EVERYTHING, LabelSelector.EVERYTHING));
    coverage.found(POD, podPath(1));
    coverage.pod(pod(1, "shop", BLUE));
    coverage.listed();
    coverage.tend();
    assertThat(held.calls).isZero();
    assertThat(held.of(POD)).containsExactly("old");

    coverage.settled();
    assertThat(held.of(POD)).containsExactly("p");
  }

  @Test
  void aPodThatIsDeletedByForceStaysCoveredForAsLongAsItRuns() {
    onePod();
    coverage.pod(pod(1, "shop", BLUE));
    coverage.policy("p", scope("shop", LabelSelector.EVERYTHING, LabelSelector.EVERYTHING));
    coverage.podGone(uid(1));
    for (int i = 100; i < 100 + 2 * PodIndex.DELETED; i++) {
      coverage.pod(pod(i, "shop", BLUE));
      coverage.podGone(uid(i));
    }
    coverage.policy("q", scope("shop", LabelSelector.EVERYTHING, LabelSelector.EVERYTHING));

    assertThat(held.of(MAIN)).containsExactlyInAnyOrder("p", "q");
  }

  @Test
  void nothingIsSaidTwice() {
    onePod();
    coverage.pod(pod(1, "shop", BLUE));
    coverage.policy("p", scope(null, is("color", "blue"), LabelSelector.EVERYTHING));
    int before = held.calls;

    coverage.pod(pod(1, "shop", BLUE));
    coverage.pod(pod(1, "shop", Map.of("color", "blue", "other", "x")));
    coverage.policy("p", scope(null, is("color", "blue"), LabelSelector.EVERYTHING));
    coverage.listed();
    coverage.settled();
    coverage.tend();
    coverage.found(MAIN, containerPath(1, 10));

    assertThat(held.calls).isEqualTo(before);
  }

  @Test
  void whatTheKernelRefusesIsKnownAndTriedAgain() {
    onePod();
    coverage.pod(pod(1, "shop", BLUE));
    held.refusals = 2;
    coverage.policy("p", scope(null, LabelSelector.EVERYTHING, LabelSelector.EVERYTHING));
    assertThat(coverage.trouble()).contains("no room");

    coverage.tend();
    assertThat(coverage.trouble()).isNull();
    assertThat(held.covers)
        .hasSize(4)
        .allSatisfy((_, uids) -> assertThat(uids).containsExactly("p"));
  }

  /** Whatever happens in whatever order, the kernel ends up with what is right now. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void stepByStepComesToTheSameAsAllAtOnce(long seed) {
    var random = new Random(seed);
    var history = new ArrayList<NodePod>();
    var deleted = new ArrayList<String>();
    var policies = new TreeMap<String, Scope>();
    var alive = new TreeMap<Long, String>();
    var containersOf = new HashMap<Integer, List<Integer>>();
    long next = 100;
    alive.put(ROOT, "/kubepods.slice");
    coverage.found(ROOT, "/kubepods.slice");
    if (random.nextBoolean()) {
      coverage.listed();
    }
    coverage.settled();
    for (int step = 0; step < 400; step++) {
      int number = random.nextInt(8);
      switch (random.nextInt(9)) {
        case 0, 1 -> {
          var containers =
              containersOf.getOrDefault(number, List.of()).stream()
                  .filter(_ -> random.nextInt(3) > 0)
                  .mapToInt(i -> i)
                  .toArray();
          var pod =
              pod(
                  number,
                  number % 2 == 0 ? "shop" : "bank",
                  random.nextBoolean() ? BLUE : RED,
                  containers);
          if (!deleted.contains(pod.uid())) {
            history.add(pod);
            coverage.pod(pod);
          }
        }
        case 2 -> {
          if (random.nextInt(6) == 0
              && history.stream().anyMatch(p -> p.uid().equals(uid(number)))) {
            deleted.add(uid(number));
            coverage.podGone(uid(number));
          }
        }
        case 3 -> {
          var name = "p" + random.nextInt(6);
          var scope = scope(random);
          policies.put(name, scope);
          coverage.policy(name, scope);
        }
        case 4 -> {
          var name = "p" + random.nextInt(6);
          policies.remove(name);
          coverage.policyGone(name);
        }
        case 5 -> {
          var paths = List.copyOf(alive.values());
          var leaf = paths.get(random.nextInt(paths.size()));
          if (alive.values().stream().noneMatch(p -> p.startsWith(leaf + "/"))
              && !leaf.equals("/kubepods.slice")) {
            long id = idOf(alive, leaf);
            alive.remove(id);
            held.covers.remove(id);
            coverage.gone(id);
          }
        }
        default -> {
          int container = number * 100 + random.nextInt(3);
          containersOf.computeIfAbsent(number, _ -> new ArrayList<>()).add(container);
          for (var path :
              List.of(
                  podPath(number),
                  containerPath(number, container),
                  containerPath(number, container) + "/below")) {
            if (!alive.containsValue(path)) {
              long parent = idOf(alive, path.substring(0, path.lastIndexOf('/')));
              alive.put(next, path);
              held.made(next, parent);
              coverage.made(next, parent, path);
              next++;
            }
            if (random.nextBoolean()) {
              break;
            }
          }
        }
      }
    }
    coverage.listed();

    var atOnce = new Held();
    var fresh = new Coverage(atOnce);
    history.forEach(fresh::pod);
    policies.forEach(fresh::policy);
    alive.forEach(fresh::found);
    deleted.forEach(fresh::podGone);
    fresh.listed();
    fresh.settled();
    assertThat(held.covers).isEqualTo(atOnce.covers);
    assertThat(held.others).isEqualTo(atOnce.others);
  }

  private static long idOf(Map<Long, String> alive, String path) {
    return alive.entrySet().stream()
        .filter(e -> e.getValue().equals(path))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(0L);
  }

  private static Scope scope(Random random) {
    if (random.nextInt(8) == 0) {
      return Scope.EVERYTHING;
    }
    var namespace = random.nextInt(3) == 0 ? "shop" : null;
    return new Scope(
        namespace,
        switch (random.nextInt(4)) {
          case 0 -> LabelSelector.EVERYTHING;
          case 1 -> LabelSelector.NOTHING;
          case 2 -> is(Scope.NAMESPACE, "bank");
          default -> is("color", "blue");
        },
        random.nextInt(3) == 0 ? is("repo", "registry/image-1") : LabelSelector.EVERYTHING,
        namespace == null && random.nextBoolean());
  }

  private static Scope scope(
      @Nullable String namespace, LabelSelector pods, LabelSelector containers) {
    return new Scope(namespace, pods, containers, false);
  }

  private static LabelSelector is(String key, String value) {
    return new LabelSelector(List.of(new Requirement(key, Operator.IN, Set.of(value))));
  }
}
