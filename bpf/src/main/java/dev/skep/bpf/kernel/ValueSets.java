package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.kernel.SetKeys.Shelf;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The value sets in the kernel: each filter has a set id, and ids of equal sets share what is in
 * the kernel. One thread at a time.
 *
 * <p>A set is edited in place where nobody else has it: what is new first, so that each value comes
 * or goes at one moment and all others stay. Else the id gets another set, which is one step for
 * the programs, too, but the kernel makes us wait until nobody uses the old one (RCU), some 10 to
 * 20 ms.
 */
final class ValueSets {
  /**
   * So many empty ids in a row end the search for what was left. More would be dear: up to Linux
   * 6.1, reading one slot of a map of maps waits for all CPUs (RCU), some 10 ms.
   */
  private static final int GAP = 16;

  /** Room for values that edits add; an empty bucket of a hash has 16 bytes. */
  private static final int ROOM = 64;

  private final Map<Shelf, KernelMap> shelves = new EnumMap<>(Shelf.class);
  private final TreeMap<Integer, Shared> sets = new TreeMap<>();
  private final Map<ValueSet, Shared> known = new HashMap<>();
  private final BitSet taken = new BitSet();

  /** Ids from here on may hold what an earlier agent left, and nobody looked. */
  private int unseen = Structs.VALUE_SETS_MAX;

  ValueSets(NodeMaps maps) throws BpfException {
    for (var shelf : Shelf.values()) {
      shelves.put(shelf, maps.get(shelf.map));
    }
  }

  /** What is in the kernel of a set, and how many ids have it. */
  private static final class Shared {
    /** By shelf: the kernel's ids of the maps. */
    final Map<Shelf, Integer> maps;

    ValueSet set;
    int uses;

    Shared(ValueSet set, Map<Shelf, Integer> maps) {
      this.set = set;
      this.maps = maps;
    }

    int map(Shelf shelf) {
      return maps.getOrDefault(shelf, 0);
    }
  }

  /** The id under which the programs find the set; one filter's. */
  int acquire(ValueSet set) throws BpfException {
    int id = taken.nextClearBit(0);
    if (id >= Structs.VALUE_SETS_MAX) {
      throw new BpfException(
          "apply",
          0,
          "no room: the filters of all policies may have "
              + Structs.VALUE_SETS_MAX
              + " value sets");
    }
    if (id >= unseen) { // the lowest free id is used first, so it is the first unseen one
      clear(id, shelves.keySet());
      unseen = id + 1;
    }
    put(id, set);
    taken.set(id);
    return id;
  }

  /** The id's filter is gone. No program that uses it may run any more. */
  void release(int id) throws BpfException {
    taken.clear(id);
    var shared = sets.remove(id);
    if (shared != null) {
      leave(shared);
      clear(id, shared.maps.keySet());
    }
  }

  /** Bytes of kernel memory; of what others have, too, all of them. */
  long memory(int id) throws BpfException {
    long bytes = 0;
    var shared = sets.get(id);
    if (shared != null) {
      for (int mapId : shared.maps.values()) {
        try (var map = KernelMap.byId(mapId)) {
          bytes += map.kernelBytes();
        }
      }
    }
    return bytes;
  }

  /** What is under the id now. */
  ValueSet get(int id) {
    var shared = sets.get(id);
    if (shared == null) {
      throw new AssertionError("nothing is known of set " + id);
    }
    return shared.set;
  }

  /** From now on the programs find this set under the id; they go on meanwhile. */
  void change(int id, ValueSet wanted) throws BpfException {
    var before = sets.get(id);
    if (before == null) {
      put(id, wanted);
      return;
    }
    if (before.set.equals(wanted) || edit(before, wanted)) {
      return;
    }
    put(id, wanted);
    leave(before);
    var gone = new HashSet<>(before.maps.keySet());
    gone.removeAll(keys(wanted).keySet());
    clear(id, gone);
  }

  /** False if it cannot be done in place. */
  private boolean edit(Shared shared, ValueSet wanted) throws BpfException {
    if (shared.uses > 1 || known.containsKey(wanted)) {
      return false;
    }
    var before = keys(shared.set);
    var after = keys(wanted);
    if (!shared.maps.keySet().equals(after.keySet())) {
      return false;
    }
    var added = without(after, before);
    var removed = without(before, after);
    for (var entry : before.entrySet()) {
      var shelf = entry.getKey();
      int most = entry.getValue().size() + added.getOrDefault(shelf, Set.of()).size();
      if (most > room(shared.map(shelf))) {
        return false;
      }
    }
    try {
      for (var entry : added.entrySet()) {
        add(shared.map(entry.getKey()), entry.getKey(), entry.getValue());
      }
    } catch (BpfException e) {
      remove(shared, added);
      throw e;
    }
    remove(shared, removed);
    known.remove(shared.set);
    shared.set = wanted;
    known.put(wanted, shared);
    return true;
  }

  private static int room(int mapId) throws BpfException {
    try (var map = KernelMap.byId(mapId)) {
      return map.maxEntries();
    }
  }

  private static Map<Shelf, Set<ByteBuffer>> without(
      Map<Shelf, Set<ByteBuffer>> keys, Map<Shelf, Set<ByteBuffer>> others) {
    var rest = new EnumMap<Shelf, Set<ByteBuffer>>(Shelf.class);
    keys.forEach((shelf, its) -> {
      var left = new HashSet<>(its);
      left.removeAll(others.getOrDefault(shelf, Set.of()));
      rest.put(shelf, left);
    });
    return rest;
  }

  private static void add(int mapId, Shelf shelf, Set<ByteBuffer> keys) throws BpfException {
    try (var map = KernelMap.byId(mapId)) {
      put(map, shelf, keys);
    }
  }

  private static void remove(Shared shared, Map<Shelf, Set<ByteBuffer>> keys) throws BpfException {
    for (var entry : keys.entrySet()) {
      var shelf = entry.getKey();
      try (var map = KernelMap.byId(shared.map(shelf));
          var arena = Arena.ofConfined()) {
        for (var key : entry.getValue()) {
          map.delete(segment(arena, shelf, key));
        }
      }
    }
  }

  /**
   * After a takeover: the sets with these ids stay, the others go; one far above them goes when its
   * id is used again.
   */
  void adopt(Set<Integer> used) throws BpfException {
    int highest = used.stream().mapToInt(id -> id).max().orElse(-1);
    int empties = 0;
    int id = 0;
    for (; id < Structs.VALUE_SETS_MAX && (id <= highest || empties < GAP); id++) {
      var maps = read(id);
      empties = maps.isEmpty() ? empties + 1 : 0;
      if (!used.contains(id)) {
        clear(id, maps.keySet());
        continue;
      }
      taken.set(id);
      if (!maps.isEmpty()) { // else a set without values
        adopt(id, maps);
      }
    }
    unseen = id;
  }

  private void adopt(int id, Map<Shelf, Integer> maps) throws BpfException {
    var set = contents(maps);
    var same = known.computeIfAbsent(set, _ -> new Shared(set, maps));
    if (!same.maps.equals(maps)) { // an edit made it equal to another, and did not come to its end
      put(id, set);
    } else {
      same.uses++;
      sets.put(id, same);
    }
  }

  private Map<Shelf, Integer> read(int id) throws BpfException {
    var maps = new EnumMap<Shelf, Integer>(Shelf.class);
    for (var shelf : Shelf.values()) {
      int inner = outer(shelf).getInt(id);
      if (inner != 0) {
        maps.put(shelf, inner);
      }
    }
    return maps;
  }

  private static ValueSet contents(Map<Shelf, Integer> maps) throws BpfException {
    var values = new EnumMap<Shelf, Set<String>>(Shelf.class);
    for (var entry : maps.entrySet()) {
      var texts = new HashSet<String>();
      try (var map = KernelMap.byId(entry.getValue())) {
        map.forEachKey(key -> texts.add(SetKeys.text(entry.getKey(), key)));
      }
      values.put(entry.getKey(), texts);
    }
    return SetKeys.set(values);
  }

  /** Under this id; what nobody has yet is made. On failure nothing has changed. */
  private void put(int id, ValueSet set) throws BpfException {
    var shared = known.get(set);
    if (shared != null) {
      for (var entry : shared.maps.entrySet()) {
        try (var inner = KernelMap.byId(entry.getValue())) {
          outer(entry.getKey()).put(id, inner.fd());
        }
      }
    } else {
      shared = make(id, set);
      known.put(set, shared);
    }
    shared.uses++;
    sets.put(id, shared);
  }

  private Shared make(int id, ValueSet set) throws BpfException {
    var made = new EnumMap<Shelf, KernelMap>(Shelf.class);
    try {
      for (var entry : keys(set).entrySet()) {
        var shelf = entry.getKey();
        int entries = entry.getValue().size();
        var inner =
            KernelMap.create(
                shelf.inner,
                "skep_set",
                shelf.keyBytes,
                Byte.BYTES,
                entries + ROOM,
                KernelMap.NO_PREALLOC);
        made.put(shelf, inner);
        put(inner, shelf, entry.getValue());
      }
      var maps = new EnumMap<Shelf, Integer>(Shelf.class);
      for (var entry : made.entrySet()) {
        outer(entry.getKey()).put(id, entry.getValue().fd());
        maps.put(entry.getKey(), entry.getValue().id());
      }
      return new Shared(set, maps);
    } finally {
      made.values().forEach(KernelMap::close);
    }
  }

  private static void put(KernelMap map, Shelf shelf, Set<ByteBuffer> keys) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var present = arena.allocateFrom(JAVA_BYTE, (byte) 1);
      for (var key : keys) {
        map.put(segment(arena, shelf, key), present);
      }
    }
  }

  private static MemorySegment segment(Arena arena, Shelf shelf, ByteBuffer key) {
    return arena.allocate(shelf.keyBytes, Long.BYTES).copyFrom(MemorySegment.ofBuffer(key));
  }

  private void leave(Shared shared) {
    if (--shared.uses == 0) {
      known.remove(shared.set, shared);
    }
  }

  private void clear(int id, Set<Shelf> of) throws BpfException {
    for (var shelf : of) {
      outer(shelf).delete(id);
    }
  }

  private static Map<Shelf, Set<ByteBuffer>> keys(ValueSet set) throws BpfException {
    var keys = new EnumMap<Shelf, Set<ByteBuffer>>(Shelf.class);
    for (var entry : SetKeys.keys(set).entrySet()) {
      keys.put(
          entry.getKey(),
          entry.getValue().stream().map(ByteBuffer::wrap).collect(Collectors.toSet()));
    }
    return keys;
  }

  private KernelMap outer(Shelf shelf) {
    var outer = shelves.get(shelf);
    if (outer == null) {
      throw new AssertionError(shelf);
    }
    return outer;
  }
}
