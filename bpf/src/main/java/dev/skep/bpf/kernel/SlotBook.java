package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.layout.Structs;
import java.util.Collection;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which hook of which policy has which slot. A hook keeps its slot over all editions of its policy:
 * its counters are there. A mirror of map {@code hooks}; one thread at a time.
 */
final class SlotBook {
  private final NavigableMap<Integer, HookState> taken = new TreeMap<>();

  /**
   * Freed slots are used again as late as possible, for records of their last owner may be unread.
   */
  private int next;

  private int version;

  void put(int slot, HookState state) {
    taken.put(slot, state);
    version = Math.max(version, state.version());
  }

  void free(int slot) {
    taken.remove(slot);
  }

  @Nullable HookState get(int slot) {
    return taken.get(slot);
  }

  NavigableMap<Integer, HookState> all() {
    return new TreeMap<>(taken);
  }

  /** The slots of a policy by index of the hook, hooks that it no longer has included. */
  NavigableMap<Integer, Integer> of(String policy) {
    var slots = new TreeMap<Integer, Integer>();
    taken.forEach((slot, state) -> {
      if (state.policy().equals(policy)) {
        slots.put(state.index(), slot);
      }
    });
    return slots;
  }

  /**
   * A slot for each of these hooks of a policy: the one that it has, else a free one. Changes
   * nothing.
   */
  NavigableMap<Integer, Integer> choose(String policy, Collection<Integer> indexes)
      throws BpfException {
    var chosen = new TreeMap<>(of(policy));
    chosen.keySet().retainAll(indexes);
    int candidate = next;
    for (var index : new TreeSet<>(indexes)) {
      if (chosen.containsKey(index)) {
        continue;
      }
      int looked = 0;
      while (taken.containsKey(candidate) || chosen.containsValue(candidate)) {
        candidate = (candidate + 1) % Structs.HOOKS_MAX;
        if (++looked > Structs.HOOKS_MAX) {
          throw new BpfException(
              "apply",
              0,
              "no room for hook "
                  + index
                  + ": all policies of a node may have "
                  + Structs.HOOKS_MAX
                  + " hooks together");
        }
      }
      chosen.put(index, candidate);
      candidate = (candidate + 1) % Structs.HOOKS_MAX;
    }
    next = candidate;
    return chosen;
  }

  /** A number that no program of this node has, as far as anybody may still know of it. */
  int nextVersion() {
    return ++version;
  }
}
