package dev.skep.agent.pod;

import dev.skep.bpf.BpfException;
import dev.skep.policy.Scope;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the kernel which policies cover which cgroup: that of all pods, each pod's, each
 * container's and all below them. A pod's cgroup is known by its name before anything runs in it,
 * and what is made below it inherits; the name of a container is known only from its pod's status,
 * which kubelet writes after the container has begun, so that a containerSelector acts that much
 * later.
 *
 * <p>Nothing is said before all pods and all policies are known: what an earlier agent said holds
 * until then. One thread.
 */
public final class Coverage {
  private static final Logger LOG = LoggerFactory.getLogger(Coverage.class);

  /** As {@link dev.skep.bpf.SkepKernel} has it. */
  public interface Kernel {
    void cover(long cgroup, Set<String> uids) throws BpfException;

    void uncover(long cgroup) throws BpfException;

    void coverOthers(Set<String> uids) throws BpfException;
  }

  /** Uids, or null: nothing is to be said. */
  private record Word(@Nullable Set<String> uids) {
    static final Word NONE = new Word(null);
  }

  private final Kernel kernel;

  /** Those of the host too: what is made below one is known by it. */
  private final Map<Long, Place> cgroups = new LinkedHashMap<>();

  private final Map<String, Set<Long>> ofPods = new HashMap<>();

  /** Containers whose paths name no pod. */
  private final Set<Long> podless = new LinkedHashSet<>();

  private final PodIndex pods = new PodIndex(ofPods::containsKey);
  private final Map<String, Scope> policies = new TreeMap<>();
  private final Map<Long, Word> said = new HashMap<>();
  private @Nullable Set<String> saidOthers;
  private boolean listed;
  private boolean told;
  private @Nullable String trouble;

  public Coverage(Kernel kernel) {
    this.kernel = kernel;
  }

  /** A cgroup was there before, by its path below the root of the node's cgroups. */
  public void found(long cgroup, String path) {
    put(cgroup, Place.of(path));
  }

  /**
   * A cgroup was made.
   *
   * @param path below the root of the hierarchy
   */
  public void made(long cgroup, long parent, String path) {
    var above = cgroups.get(parent);
    put(
        cgroup,
        above == null ? Place.of(path) : above.child(path.substring(path.lastIndexOf('/') + 1)));
  }

  /** A cgroup is gone, and what was said of it with it. */
  public void gone(long cgroup) {
    var place = cgroups.remove(cgroup);
    said.remove(cgroup);
    podless.remove(cgroup);
    var podUid = place == null ? null : podUid(place);
    if (podUid != null) {
      ofPods.computeIfPresent(
          podUid,
          (_, ids) -> {
            ids.remove(cgroup);
            return ids.isEmpty() ? null : ids;
          });
    }
  }

  public void pod(NodePod pod) {
    pods.put(pod);
    sayOf(pod);
  }

  public void podGone(String uid) {
    var pod = pods.remove(uid);
    if (pod != null) {
      sayOf(pod);
    }
  }

  /** All pods of the node have been told of once. */
  public void listed() {
    if (!listed) {
      listed = true;
      sayAll();
    }
  }

  /** Whether all pods of the node have been told of: before, nothing is said to the kernel. */
  public boolean knowsPods() {
    return listed;
  }

  /** All policies of the node have been told of once. */
  public void settled() {
    if (!told) {
      told = true;
      sayAll();
    }
  }

  /** The policy's scope is this one from now on. */
  public void policy(String uid, Scope scope) {
    var before = scope.equals(Scope.EVERYTHING) ? policies.remove(uid) : policies.put(uid, scope);
    if (!scope.equals(before)) {
      sayAll();
    }
  }

  public void policyGone(String uid) {
    if (policies.remove(uid) != null) {
      sayAll();
    }
  }

  /** The scope that the policy has now; null if it covers everything, or is not known. */
  public @Nullable Scope scope(String uid) {
    return policies.get(uid);
  }

  /** Those whose scope is narrower than everything. */
  public Set<String> policies() {
    return Set.copyOf(policies.keySet());
  }

  /** Tries again what the kernel refused. To be called every few seconds. */
  public void tend() {
    if (trouble != null) {
      sayAll();
    }
  }

  /** What the kernel refused last; null if it has taken everything. */
  public @Nullable String trouble() {
    return trouble;
  }

  private void put(long cgroup, Place place) {
    if (!place.equals(cgroups.put(cgroup, place))) {
      var podUid = podUid(place);
      if (podUid != null) {
        ofPods.computeIfAbsent(podUid, _ -> new LinkedHashSet<>()).add(cgroup);
      } else if (place instanceof Place.InContainer) {
        podless.add(cgroup);
      }
      // What it inherited is not known: its parent may have been told something since.
      say(cgroup, place);
    }
  }

  private static @Nullable String podUid(Place place) {
    return switch (place) {
      case Place.InPod(var uid) -> uid;
      case Place.InContainer(var uid, _, _) -> uid;
      case Place.Outside _, Place.PodsRoot _ -> null;
    };
  }

  private void sayOf(NodePod pod) {
    ofPods.getOrDefault(pod.cgroupUid(), Set.of()).forEach(this::say);
    podless.forEach(this::say);
  }

  private void sayAll() {
    if (!listed || !told) {
      return;
    }
    trouble = null;
    var others = chosen(scope -> scope.host());
    if (!others.equals(saidOthers)) {
      try {
        kernel.coverOthers(others);
        saidOthers = others;
      } catch (BpfException e) {
        failed("the host", e);
      }
    }
    cgroups.forEach(this::say);
  }

  private void say(long cgroup) {
    var place = cgroups.get(cgroup);
    if (place != null) {
      say(cgroup, place);
    }
  }

  private void say(long cgroup, Place place) {
    if (!listed || !told || place instanceof Place.Outside) {
      return;
    }
    var word = word(place);
    if (word.equals(said.get(cgroup))) {
      return;
    }
    try {
      if (word.uids() == null) {
        kernel.uncover(cgroup);
      } else {
        kernel.cover(cgroup, word.uids());
      }
      said.put(cgroup, word);
    } catch (BpfException e) {
      said.remove(cgroup);
      failed("cgroup " + cgroup + " (" + place + ")", e);
    }
  }

  private void failed(String what, BpfException e) {
    if (trouble == null) {
      LOG.error(
          "policies do not cover {} as they should, it is tried again: {}", what, e.getMessage());
      trouble = what + ": " + e.getMessage();
    }
  }

  private Word word(Place place) {
    if (policies.isEmpty()) {
      return Word.NONE; // nothing that a cgroup could add or take away
    }
    return switch (place) {
      case Place.Outside _ -> Word.NONE;
      case Place.PodsRoot _ -> new Word(ofEveryPod());
      case Place.InPod(var uid) -> new Word(ofPod(pods.find(uid), null));
      case Place.InContainer(var uid, var id, _) -> {
        var pod = uid == null ? pods.ofContainer(id) : pods.find(uid);
        yield uid == null && pod == null ? Word.NONE : new Word(ofPod(pod, id));
      }
    };
  }

  /** What is sure of a pod before anything is known of it. */
  private Set<String> ofEveryPod() {
    return chosen(scope -> scope.choosesEveryPod() && scope.choosesEveryContainer());
  }

  private Set<String> ofPod(@Nullable NodePod pod, @Nullable String containerId) {
    if (pod == null) {
      return ofEveryPod();
    }
    var container = containerId == null ? null : pod.containers().get(containerId);
    return chosen(scope ->
        scope.choosesPod(pod.told().namespace(), pod.told().labels())
            && (scope.choosesEveryContainer()
                || (container != null
                    && scope.choosesContainer(
                        container.name(), NodePod.repository(container.image())))));
  }

  private Set<String> chosen(Predicate<Scope> which) {
    return policies.entrySet().stream()
        .filter(policy -> which.test(policy.getValue()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }
}
