package dev.skep.bpf;

import java.util.List;

/**
 * One policy as the kernel shall hold it: all names resolved, all constants known. Pure data; equal
 * plans load equal programs.
 *
 * @param uid of the Kubernetes object, at most 39 bytes; what counters are keyed by
 * @param generation of the Kubernetes object
 * @param monitor whether actions are only counted and reported
 * @param hooks in the order of the policy, at least one
 */
public record PolicyPlan(String uid, long generation, boolean monitor, List<HookPlan> hooks) {
  public PolicyPlan {
    hooks = List.copyOf(hooks);
  }
}
