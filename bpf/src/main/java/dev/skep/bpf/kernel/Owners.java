package dev.skep.bpf.kernel;

import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.ring.HookOwners;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Whose program each slot has and had last, for records that are read after an edit or a removal.
 * Written by the thread that changes policies, read by the consumer.
 */
final class Owners implements HookOwners {
  private static final int REMEMBERED = 4;

  private record Edition(int version, Owner owner, @Nullable Edition before) {}

  private final AtomicReferenceArray<@Nullable Edition> latest =
      new AtomicReferenceArray<>(Structs.HOOKS_MAX);

  /** Before the program can send a record; again when it serves another edition. */
  void add(int slot, HookState state) {
    var owner = new Owner(state.policy(), state.index(), (int) state.generation());
    var known = latest.get(slot);
    boolean again = known != null && known.version() == state.version();
    var before = again ? known.before() : shortened(known, 1);
    latest.set(slot, new Edition(state.version(), owner, before));
  }

  private static @Nullable Edition shortened(@Nullable Edition edition, int depth) {
    if (edition == null || depth == REMEMBERED) {
      return null;
    }
    return new Edition(edition.version(), edition.owner(), shortened(edition.before(), depth + 1));
  }

  @Override
  public @Nullable Owner of(int slot, int version) {
    if (slot < 0 || slot >= Structs.HOOKS_MAX) {
      return null;
    }
    var edition = latest.get(slot);
    while (edition != null && edition.version() != version) {
      edition = edition.before();
    }
    return edition == null ? null : edition.owner();
  }
}
