package dev.skep.agent.pod;

import dev.skep.agent.process.Containers;
import dev.skep.events.Container;
import dev.skep.events.ContainerFacts;
import dev.skep.events.TracedContainer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * From cgroups to the containers that events name. Cgroups that nobody told of are asked for once.
 * One thread.
 */
public final class ContainerBook implements Containers {
  /** Cgroups that are gone and whose last events may come yet. */
  static final int GONE = 1024;

  /** Cgroups at most: the end of one may be missed where the ring was full. */
  static final int CGROUPS = 32_768;

  private record Key(@Nullable String podUid, String id) {}

  private static final class Resident {
    final Place.InContainer place;
    final TracedContainer container;

    /** That are known to be of this container. */
    int cgroups;

    Resident(Place.InContainer place, TracedContainer container) {
      this.place = place;
      this.container = container;
    }
  }

  private record Cgroup(Place place, @Nullable Resident resident) {}

  private final LongFunction<Optional<String>> paths;
  private final boolean withPods;
  private final PodIndex pods = new PodIndex(this::residentsOf);
  private final LinkedHashMap<Long, Cgroup> cgroups = new LinkedHashMap<>(256, 0.75f, true);
  private final ArrayDeque<Long> gone = new ArrayDeque<>();
  private final Map<Key, Resident> residents = new HashMap<>();

  /**
   * @param paths of cgroups that exist, below the root of the node's cgroups
   * @param withPods whether pods become known: without a cluster they never do
   */
  public ContainerBook(LongFunction<Optional<String>> paths, boolean withPods) {
    this.paths = paths;
    this.withPods = withPods;
  }

  @Override
  public @Nullable TracedContainer of(long cgroup) {
    var resident = known(cgroup).resident();
    return resident == null ? null : resident.container;
  }

  /**
   * A cgroup was made.
   *
   * @param path below the root of the hierarchy, which may lie above that of the node
   */
  public void made(long cgroup, long parent, String path) {
    var above = cgroups.get(parent);
    if (above != null) {
      put(cgroup, above.place().child(path.substring(path.lastIndexOf('/') + 1)));
    } // else it is asked for when it is needed
  }

  /** A cgroup that was there before, by its path below the root of the node's cgroups. */
  public void found(long cgroup, String path) {
    put(cgroup, Place.of(path));
  }

  /** A cgroup is gone. */
  public void gone(long cgroup) {
    if (cgroups.containsKey(cgroup)) {
      gone.addLast(cgroup);
      if (gone.size() > GONE) {
        forget(gone.removeFirst());
      }
    }
  }

  /** A pod is new or has changed. */
  public void pod(NodePod pod) {
    pods.put(pod);
    learn();
  }

  /** A pod was deleted: it stays known for a while. */
  public void podGone(String uid) {
    if (pods.remove(uid) != null) {
      learn();
    }
  }

  int cgroups() {
    return cgroups.size();
  }

  int containers() {
    return residents.size();
  }

  private Cgroup known(long cgroup) {
    var known = cgroups.get(cgroup);
    return known != null
        ? known
        : put(cgroup, paths.apply(cgroup).map(Place::of).orElseGet(Place.Outside::new));
  }

  private Cgroup put(long id, Place place) {
    var before = cgroups.get(id);
    if (before != null && before.place().equals(place)) {
      return before;
    }
    if (before != null) {
      forget(id);
    }
    var resident = place instanceof Place.InContainer in ? resident(in) : null;
    var cgroup = new Cgroup(place, resident);
    cgroups.put(id, cgroup);
    if (cgroups.size() > CGROUPS) {
      forget(cgroups.firstEntry().getKey());
    }
    return cgroup;
  }

  private Resident resident(Place.InContainer place) {
    var resident =
        residents.computeIfAbsent(
            new Key(place.podUid(), place.id()),
            _ ->
                new Resident(
                    place, new TracedContainer(facts(place), withPods && place.podUid() != null)));
    resident.cgroups++;
    return resident;
  }

  private void forget(long id) {
    var cgroup = cgroups.remove(id);
    var resident = cgroup == null ? null : cgroup.resident();
    if (resident != null && --resident.cgroups == 0) {
      residents.remove(new Key(resident.place.podUid(), resident.place.id()));
    }
  }

  private boolean residentsOf(String podUid) {
    return residents.keySet().stream().anyMatch(key -> podUid.equals(key.podUid()));
  }

  /** A node has some hundred containers: all are looked at. */
  private void learn() {
    for (var resident : residents.values()) {
      var now = facts(resident.place);
      if (!now.equals(resident.container.facts())) {
        resident.container.learn(now);
      }
    }
  }

  private ContainerFacts facts(Place.InContainer place) {
    var podUid = place.podUid();
    var pod = podUid == null ? pods.ofContainer(place.id()) : pods.find(podUid);
    if (pod == null) {
      return new ContainerFacts(place.id(), null, null);
    }
    var container = pod.containers().get(place.id());
    return new ContainerFacts(
        place.id(), pod.told(), container == null ? Container.ofId(place.statusId()) : container);
  }
}
