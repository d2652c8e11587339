package dev.skep.bpf.ring;

import org.jspecify.annotations.Nullable;

/** Whose program a slot holds or held. Asked by the consuming thread. */
@FunctionalInterface
public interface HookOwners {

  /** Null if no policy is known that had this version of a program in this slot. */
  @Nullable Owner of(int slot, int version);

  /**
   * @param policy uid
   * @param hook index in the policy
   * @param edition low 32 bits of the policy's generation when the program was loaded
   */
  record Owner(String policy, int hook, int edition) {}
}
