package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyPlan.Scope;
import dev.skep.bpf.layout.Structs;
import java.util.BitSet;
import java.util.Collection;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
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

  /** Of a slot that cannot be free. */
  HookState taken(int slot) {
    var state = get(slot);
    if (state == null) {
      throw new AssertionError("slot " + slot + " is free");
    }
    return state;
  }

  Set<String> policies() {
    return taken.values().stream().map(HookState::policy).collect(Collectors.toSet());
  }

  /** The slots that act where these policies are chosen: theirs, and those that act everywhere. */
  BitSet actingFor(Set<String> chosen) {
    var slots = new BitSet();
    taken.forEach((slot, state) ->
        slots.set(slot, state.scope() == Scope.EVERYWHERE || chosen.contains(state.policy())));
    return slots;
  }

  /** The policies among those of these slots that act only where they are chosen. */
  Set<String> chosen(BitSet slots) {
    return slots.stream()
        .mapToObj(this::get)
        .filter(Objects::nonNull)
        .filter(state -> state.scope() == Scope.CHOSEN)
        .map(HookState::policy)
        .collect(Collectors.toSet());
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
