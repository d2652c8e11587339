package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sets of pids whose descendants are followed. Each is one bit that processes of the set have and
 * hand down at fork; equal sets share it. One thread at a time.
 */
final class FollowedSets {

  /** Marks what is to be marked in processes that exist, and unmarks retired bits. */
  interface Marker {
    void mark() throws BpfException;
  }

  private record Member(int pid, boolean inNamespace) {}

  private final KernelMap followedPids;
  private final KernelMap retired;
  private final Marker marker;
  private final Map<Set<Member>, Integer> bits = new HashMap<>();
  private final int[] uses = new int[Structs.FOLLOWED_SETS_MAX];

  FollowedSets(NodeMaps maps, Marker marker) throws BpfException {
    this.followedPids = maps.get("followed_pids");
    this.retired = maps.get("followed_retired");
    this.marker = marker;
  }

  /** The bit of these pids, which all that descend from them have when this returns. */
  int acquire(boolean inNamespace, Set<Integer> pids) throws BpfException {
    var members = new HashSet<Member>();
    pids.forEach(pid -> members.add(new Member(pid, inNamespace)));
    var known = bits.get(members);
    if (known != null) {
      uses[known]++;
      return known;
    }
    int bit = 0;
    while (bit < Structs.FOLLOWED_SETS_MAX && bits.containsValue(bit)) {
      bit++;
    }
    if (bit == Structs.FOLLOWED_SETS_MAX) {
      throw new BpfException(
          "apply",
          0,
          "no room: all policies may have " + bit + " different pid sets with followForks");
    }
    bits.put(Set.copyOf(members), bit);
    uses[bit] = 1;
    try {
      for (var member : members) {
        change(member, 1L << bit, 0);
      }
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
    for (var entry : Map.copyOf(bits).entrySet()) {
      if (entry.getValue() == bit) {
        for (var member : entry.getKey()) {
          change(member, 0, 1L << bit);
        }
        bits.remove(entry.getKey());
      }
    }
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
    var members = new HashMap<Integer, Set<Member>>();
    followedPids.forEach((key, value) -> {
      var member = new Member(key.get(JAVA_INT, 0), key.get(JAVA_INT, Integer.BYTES) != 0);
      long its = value.get(JAVA_LONG, 0);
      for (int bit = 0; bit < Structs.FOLLOWED_SETS_MAX; bit++) {
        if ((its & (1L << bit)) != 0) {
          members.computeIfAbsent(bit, _ -> new HashSet<>()).add(member);
        }
      }
    });
    members.forEach((bit, its) -> bits.put(Set.copyOf(its), bit));
    used.forEach(bit -> uses[bit]++);
    for (int bit : members.keySet()) {
      if (uses[bit] == 0) {
        uses[bit] = 1;
        release(bit);
      }
    }
  }

  private void change(Member member, long add, long take) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var key = arena.allocate(Structs.FOLLOWED_KEY);
      key.set(JAVA_INT, 0, member.pid());
      key.set(JAVA_INT, Integer.BYTES, member.inNamespace() ? 1 : 0);
      var value = arena.allocate(JAVA_LONG);
      long before = followedPids.get(key, value) ? value.get(JAVA_LONG, 0) : 0;
      long after = (before & ~take) | add;
      if (after == 0) {
        followedPids.delete(key);
      } else if (after != before) {
        value.set(JAVA_LONG, 0, after);
        followedPids.put(key, value);
      }
    }
  }

  private void setRetired(long mask) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      retired.put(0, arena.allocateFrom(JAVA_LONG, mask));
    }
  }
}
