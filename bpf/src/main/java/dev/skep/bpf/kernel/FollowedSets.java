package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.bpf.libbpf.Libc;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Sets of processes whose descendants are followed. Each is one bit that processes of the set have
 * and hand down at fork; equal sets share it. One thread at a time.
 */
final class FollowedSets {

  /** Marks what is to be marked in processes that exist, and unmarks retired bits. */
  interface Marker {
    void mark() throws BpfException;
  }

  private final FollowedMaps kernel;
  private final KernelMap retired;
  private final Marker marker;
  private final TreeMap<Integer, Set<Followed>> sets = new TreeMap<>();
  private final int[] uses = new int[Structs.FOLLOWED_SETS_MAX];

  FollowedSets(NodeMaps maps, Marker marker) throws BpfException {
    this.kernel = new FollowedMaps(maps);
    this.retired = maps.get("followed_retired");
    this.marker = marker;
  }

  /** The bit of these processes, which all that descend from them have when this returns. */
  int acquire(Set<Followed> members) throws BpfException {
    var wanted = fewest(members);
    for (var known : sets.entrySet()) {
      if (known.getValue().equals(wanted)) {
        uses[known.getKey()]++;
        return known.getKey();
      }
    }
    int bit = 0;
    while (sets.containsKey(bit)) {
      bit++;
    }
    if (bit >= Structs.FOLLOWED_SETS_MAX) {
      throw new BpfException(
          "apply",
          0,
          "no room: all policies of a node may have "
              + Structs.FOLLOWED_SETS_MAX
              + " different sets with followForks or followChildren; give some the same values");
    }
    sets.put(bit, wanted);
    uses[bit] = 1;
    try {
      kernel.hold(bits());
      Libc.awaitRunningPrograms(); // they may have looked before, for a process that is marked next
      marker.mark();
    } catch (BpfException e) {
      release(bit);
      throw e;
    }
    return bit;
  }

  /** One use less; the last one takes the bit from all processes. */
  void release(int bit) throws BpfException {
    if (--uses[bit] > 0) {
      return;
    }
    sets.remove(bit);
    kernel.hold(bits());
    setRetired(1L << bit);
    marker.mark();
    setRetired(0);
  }

  /**
   * After a takeover.
   *
   * @param used a bit as often as filters use it
   */
  void adopt(List<Integer> used) throws BpfException {
    setRetired(0);
    var members = new TreeMap<Integer, Set<Followed>>();
    for (var entry : kernel.read().entrySet()) {
      for (int bit = 0; bit < Structs.FOLLOWED_SETS_MAX; bit++) {
        if ((entry.getValue() & (1L << bit)) != 0) {
          members.computeIfAbsent(bit, _ -> new HashSet<>()).add(entry.getKey());
        }
      }
    }
    members.forEach((bit, its) -> sets.put(bit, fewest(its)));
    used.forEach(bit -> uses[bit]++);
    for (int bit : members.keySet()) {
      if (uses[bit] == 0) {
        uses[bit] = 1;
        release(bit);
      }
    }
  }

  /** Without those that others of the set stand for. */
  static Set<Followed> fewest(Set<Followed> members) {
    var fewest = new HashSet<Followed>();
    for (var member : members) {
      if (members.stream().noneMatch(other -> !other.equals(member) && covers(other, member))) {
        fewest.add(member);
      }
    }
    return Set.copyOf(fewest);
  }

  private static boolean covers(Followed one, Followed other) {
    return one.equals(other)
        || (one instanceof Followed.Binary a && other instanceof Followed.Binary b && a.covers(b));
  }

  /**
   * What each member's entry in the kernel is to have: the longest that fits is all it looks at.
   */
  private Map<Followed, Long> bits() {
    return bits(sets);
  }

  static Map<Followed, Long> bits(Map<Integer, Set<Followed>> sets) {
    var bits = new HashMap<Followed, Long>();
    sets.values().forEach(members -> members.forEach(member -> bits.put(member, 0L)));
    bits.replaceAll((entry, _) -> {
      long its = 0;
      for (var set : sets.entrySet()) {
        if (set.getValue().stream().anyMatch(member -> covers(member, entry))) {
          its |= 1L << set.getKey();
        }
      }
      return its;
    });
    return bits;
  }

  private void setRetired(long mask) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      retired.put(0, arena.allocateFrom(JAVA_LONG, mask));
    }
  }
}
