package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.kernel.SetKeys.Shelf;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The value sets in the kernel, by set id, and how many filters use each. One thread at a time. A
 * set never changes: an edited one is another set.
 */
final class ValueSets {
  /**
   * So many empty ids in a row end the search for what was left. More would be dear: up to Linux
   * 6.1, reading one slot of a map of maps waits for all CPUs (RCU), some 10 ms.
   */
  private static final int GAP = 16;

  private final Map<Shelf, KernelMap> shelves = new EnumMap<>(Shelf.class);
  private final Map<ValueSet, Integer> ids = new HashMap<>();
  private final Map<Integer, ValueSet> sets = new HashMap<>();
  private final int[] uses = new int[Structs.TEXT_SETS_MAX];
  private final BitSet taken = new BitSet();

  /** Ids from here on may hold what an earlier agent left, and nobody looked. */
  private int unseen = Structs.TEXT_SETS_MAX;

  ValueSets(NodeMaps maps) throws BpfException {
    for (var shelf : Shelf.values()) {
      shelves.put(shelf, maps.get(shelf.map));
    }
  }

  /** The id under which the programs find the set; one use more. */
  int acquire(ValueSet set) throws BpfException {
    var known = ids.get(set);
    if (known != null) {
      uses[known]++;
      return known;
    }
    int id = taken.nextClearBit(0);
    if (id >= Structs.TEXT_SETS_MAX) {
      throw new BpfException(
          "apply", 0, "no room: all policies may have " + Structs.TEXT_SETS_MAX + " value sets");
    }
    var keys = SetKeys.keys(set);
    if (id >= unseen) { // the lowest free id is used first, so it is the first unseen one
      empty(id);
      unseen = id + 1;
    }
    try {
      for (var entry : keys.entrySet()) {
        fill(entry.getKey(), id, entry.getValue());
      }
    } catch (BpfException e) {
      empty(id);
      throw e;
    }
    remember(id, set);
    uses[id] = 1;
    return id;
  }

  /** One use less; the last one empties the id. No program that uses it may run any more. */
  void release(int id) throws BpfException {
    if (--uses[id] == 0) {
      forget(id);
    }
  }

  /**
   * After a takeover: the sets with these uses stay, the others go; one far above them goes when
   * its id is used again.
   *
   * @param used an id as often as filters use it
   */
  void adopt(List<Integer> used) throws BpfException {
    used.forEach(id -> uses[id]++);
    int highest = used.stream().mapToInt(id -> id).max().orElse(-1);
    int empties = 0;
    int id = 0;
    for (; id < Structs.TEXT_SETS_MAX && (id <= highest || empties < GAP); id++) {
      var found = read(id);
      empties = found.isPresent() ? 0 : empties + 1;
      if (found.isPresent() && uses[id] > 0) {
        remember(id, found.get());
      } else if (found.isPresent()) {
        empty(id);
      } else if (uses[id] > 0) {
        taken.set(id); // a set without values
      }
    }
    unseen = id;
  }

  private Optional<ValueSet> read(int id) throws BpfException {
    var values = new EnumMap<Shelf, Set<String>>(Shelf.class);
    for (var shelf : Shelf.values()) {
      int inner = outer(shelf).getInt(id);
      if (inner != 0) {
        var texts = new HashSet<String>();
        try (var map = KernelMap.byId(inner)) {
          map.forEachKey(key -> texts.add(SetKeys.text(shelf, key)));
        }
        values.put(shelf, texts);
      }
    }
    return values.isEmpty() ? Optional.empty() : Optional.of(SetKeys.set(values));
  }

  private void remember(int id, ValueSet set) {
    taken.set(id);
    ids.put(set, id);
    sets.put(id, set);
  }

  private void forget(int id) throws BpfException {
    var set = sets.remove(id);
    if (set != null) {
      ids.remove(set);
    }
    empty(id);
    taken.clear(id);
  }

  private void fill(Shelf shelf, int id, List<byte[]> keys) throws BpfException {
    try (var arena = Arena.ofConfined();
        var inner =
            KernelMap.create(
                shelf.inner,
                "skep_set",
                shelf.keyBytes,
                Byte.BYTES,
                keys.size(),
                KernelMap.NO_PREALLOC)) {
      var present = arena.allocateFrom(JAVA_BYTE, (byte) 1);
      var key = arena.allocate(shelf.keyBytes, Long.BYTES);
      for (var bytes : keys) {
        MemorySegment.copy(bytes, 0, key, JAVA_BYTE, 0, bytes.length);
        inner.put(key, present);
      }
      outer(shelf).put(id, inner.fd());
    }
  }

  private void empty(int id) throws BpfException {
    for (var outer : shelves.values()) {
      outer.delete(id);
    }
  }

  private KernelMap outer(Shelf shelf) {
    var outer = shelves.get(shelf);
    if (outer == null) {
      throw new AssertionError(shelf);
    }
    return outer;
  }
}
