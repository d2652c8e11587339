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
  private final KernelMap pointHooks;
  private final KernelMap returnHooks;
  private final KernelMap overrideHooks;
  private final KernelMap watched;
  private final List<BitSet> entry;
  private final List<BitSet> returns;
  private final List<BitSet> overrides;

  PointBits(NodeMaps maps) throws BpfException {
    pointHooks = maps.get("point_hooks");
    returnHooks = maps.get("return_hooks");
    overrideHooks = maps.get("override_hooks");
    watched = maps.get("point_watched");
    entry = read(pointHooks);
    returns = read(returnHooks);
    overrides = read(overrideHooks);
  }

  /** Those at which the slot is asked. */
  BitSet points(int slot) {
    var points = new BitSet();
    for (int point = 0; point < entry.size(); point++) {
      if (entry.get(point).get(slot)) {
        points.set(point);
      }
    }
    return points;
  }

  BitSet slots(int point) {
    return (BitSet) entry.get(point).clone();
  }

  /** Of system calls. */
  boolean anyReturns() {
    return returns.stream().limit(Structs.SYSCALLS_MAX).anyMatch(slots -> !slots.isEmpty());
  }

  boolean anyReturns(int point) {
    return !returns.get(point).isEmpty();
  }

  /** Whether a call there may not be carried out. */
  boolean anyOverrides(int point) {
    return !overrides.get(point).isEmpty();
  }

  /** From now on the hook in this slot is asked at these points, in addition to those it has. */
  void add(int slot, Set<Integer> points, HookPlan hook) throws BpfException {
    for (int point : points) {
      set(returnHooks, returns, point, slot, hook.wantsReturn());
      set(overrideHooks, overrides, point, slot, hook.overrides());
      set(pointHooks, entry, point, slot, true);
      writeWatched(point);
    }
  }

  /**
   * From now on the slot is asked at none but these points; it gets no new ones. True if it lost
   * one.
   */
  boolean keepOnly(int slot, Set<Integer> points) throws BpfException {
    boolean lost = false;
    for (int point = 0; point < entry.size(); point++) {
      if (points.contains(point)) {
        continue;
      }
      if (entry.get(point).get(slot) || returns.get(point).get(slot)) {
        lost = true;
        set(pointHooks, entry, point, slot, false);
        set(returnHooks, returns, point, slot, false);
        set(overrideHooks, overrides, point, slot, false);
        writeWatched(point);
      }
    }
    return lost;
  }

  private static void set(KernelMap map, List<BitSet> mirror, int point, int slot, boolean value)
      throws BpfException {
    if (mirror.get(point).get(slot) != value) {
      mirror.get(point).set(slot, value);
      write(map, point, mirror.get(point));
    }
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
      value.set(JAVA_INT, 0, words(entry.get(point)));
      value.set(JAVA_INT, Integer.BYTES, words(returns.get(point)));
      value.set(JAVA_INT, 2 * Integer.BYTES, words(overrides.get(point)));
      watched.put(point, value);
    }
  }

  /** Bit w: word w has bits. */
  private static int words(BitSet slots) {
    int words = 0;
    for (int slot = slots.nextSetBit(0); slot >= 0; slot = slots.nextSetBit(slot + 1)) {
      words |= 1 << (slot / Long.SIZE);
    }
    return words;
  }

  private static List<BitSet> read(KernelMap map) throws BpfException {
    var entries = new ArrayList<>(Collections.nCopies(map.maxEntries(), new BitSet()));
    map.forEach((key, value) ->
        entries.set(key.get(JAVA_INT, 0), BitSet.valueOf(value.toArray(JAVA_LONG))));
    return entries;
  }
}
