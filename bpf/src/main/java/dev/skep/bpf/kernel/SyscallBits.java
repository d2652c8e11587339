package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
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
 * Which slots are asked at which system call: maps {@code syscall_hooks}, {@code return_hooks} and,
 * to spare unwatched calls a look at them, {@code syscall_watched}. A mirror of them; one thread at
 * a time.
 */
final class SyscallBits {
  private final KernelMap syscallHooks;
  private final KernelMap returnHooks;
  private final KernelMap watched;
  private final List<BitSet> entry;
  private final List<BitSet> returns;

  SyscallBits(NodeMaps maps) throws BpfException {
    syscallHooks = maps.get("syscall_hooks");
    returnHooks = maps.get("return_hooks");
    watched = maps.get("syscall_watched");
    entry = read(syscallHooks);
    returns = read(returnHooks);
  }

  /** The system calls at which the slot is asked. */
  BitSet syscalls(int slot) {
    var syscalls = new BitSet();
    for (int syscall = 0; syscall < entry.size(); syscall++) {
      if (entry.get(syscall).get(slot)) {
        syscalls.set(syscall);
      }
    }
    return syscalls;
  }

  BitSet slots(int syscall) {
    return (BitSet) entry.get(syscall).clone();
  }

  boolean anyReturns() {
    return returns.stream().anyMatch(slots -> !slots.isEmpty());
  }

  /** From now on the slot is asked at these calls, in addition to those it has. */
  void add(int slot, Set<Integer> syscalls, boolean wantsReturn) throws BpfException {
    for (int syscall : syscalls) {
      set(returnHooks, returns, syscall, slot, wantsReturn);
      set(syscallHooks, entry, syscall, slot, true);
      writeWatched(syscall);
    }
  }

  /**
   * From now on the slot is asked at none but these calls; it gets no new ones. True if it lost
   * one.
   */
  boolean keepOnly(int slot, Set<Integer> syscalls) throws BpfException {
    boolean lost = false;
    for (int syscall = 0; syscall < entry.size(); syscall++) {
      if (syscalls.contains(syscall)) {
        continue;
      }
      if (entry.get(syscall).get(slot) || returns.get(syscall).get(slot)) {
        lost = true;
        set(syscallHooks, entry, syscall, slot, false);
        set(returnHooks, returns, syscall, slot, false);
        writeWatched(syscall);
      }
    }
    return lost;
  }

  private static void set(KernelMap map, List<BitSet> mirror, int syscall, int slot, boolean value)
      throws BpfException {
    if (mirror.get(syscall).get(slot) != value) {
      mirror.get(syscall).set(slot, value);
      write(map, syscall, mirror.get(syscall));
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

  private void writeWatched(int syscall) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.WATCHED_WORDS);
      value.set(JAVA_INT, 0, words(entry.get(syscall)));
      value.set(JAVA_INT, Integer.BYTES, words(returns.get(syscall)));
      watched.put(syscall, value);
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
