package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * Which slots are asked at which point, what for (maps {@code point_hooks}, {@code return_hooks},
 * {@code override_hooks}) and, to spare unwatched calls a look at them, {@code point_watched}. A
 * mirror of them; one thread at a time.
 */
final class PointBits {
  private final KernelMap watched;
  private final Asked entry;
  private final Asked returns;
  private final Asked overrides;

  PointBits(NodeMaps maps) throws BpfException {
    watched = maps.get("point_watched");
    entry = Asked.read(maps.get("point_hooks"));
    returns = Asked.read(maps.get("return_hooks"));
    overrides = Asked.read(maps.get("override_hooks"));
  }

  /** One of the maps: by point, the slots that are asked there. */
  private record Asked(KernelMap map, List<BitSet> slots) {
    static Asked read(KernelMap map) throws BpfException {
      var slots = new ArrayList<>(Collections.nCopies(map.maxEntries(), new BitSet()));
      map.forEach((key, value) ->
          slots.set(key.get(JAVA_INT, 0), BitSet.valueOf(value.toArray(JAVA_LONG))));
      return new Asked(map, slots);
    }

    BitSet at(int point) {
      return slots.get(point);
    }

    void set(int point, int slot, boolean value) throws BpfException {
      if (at(point).get(slot) != value) {
        at(point).set(slot, value);
        write(map, point, at(point));
      }
    }

    /** Bit w: word w has bits. */
    long words(int point) {
      long words = 0;
      var bits = at(point);
      for (int slot = bits.nextSetBit(0); slot >= 0; slot = bits.nextSetBit(slot + 1)) {
        words |= 1L << (slot / Long.SIZE);
      }
      return words;
    }
  }

  /** Those at which the slot is asked. */
  BitSet points(int slot) {
    var points = new BitSet();
    for (int point = 0; point < Structs.POINTS_MAX; point++) {
      if (entry.at(point).get(slot)) {
        points.set(point);
      }
    }
    return points;
  }

  BitSet slots(int point) {
    return (BitSet) entry.at(point).clone();
  }

  /** Of system calls. */
  boolean anyReturns() {
    return returns.slots().stream().limit(Structs.SYSCALLS_MAX).anyMatch(slots -> !slots.isEmpty());
  }

  boolean anyReturns(int point) {
    return !returns.at(point).isEmpty();
  }

  /** Whether a call there may not be carried out. */
  boolean anyOverrides(int point) {
    return !overrides.at(point).isEmpty();
  }

  /** From now on the hook in this slot is asked at these points, in addition to those it has. */
  void add(int slot, Set<Integer> points, HookPlan hook) throws BpfException {
    for (int point : points) {
      returns.set(point, slot, hook.wantsReturn());
      overrides.set(point, slot, hook.overrides());
      entry.set(point, slot, true);
      writeWatched(point);
    }
  }

  /**
   * From now on the slot is asked at none but these points; it gets no new ones. True if it lost
   * one.
   */
  boolean keepOnly(int slot, Set<Integer> points) throws BpfException {
    boolean lost = false;
    for (int point = 0; point < Structs.POINTS_MAX; point++) {
      if (points.contains(point)) {
        continue;
      }
      if (entry.at(point).get(slot) || returns.at(point).get(slot)) {
        lost = true;
        entry.set(point, slot, false);
        returns.set(point, slot, false);
        overrides.set(point, slot, false);
        writeWatched(point);
      }
    }
    return lost;
  }

  /** One value of a map of struct hook_bits. */
  static void write(KernelMap map, int index, BitSet slots) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.HOOK_BITS);
      var words = slots.toLongArray();
      MemorySegment.copy(words, 0, value, JAVA_LONG, 0, words.length);
      map.put(index, value);
    }
  }

  private void writeWatched(int point) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.WATCHED_WORDS);
      value.set(JAVA_LONG, 0, entry.words(point));
      value.set(JAVA_LONG, Long.BYTES, returns.words(point));
      value.set(JAVA_LONG, 2 * Long.BYTES, overrides.words(point));
      watched.put(point, value);
    }
  }
}
