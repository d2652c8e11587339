package dev.skep.bpf;

import java.util.List;

/**
 * One policy as the kernel shall hold it: all names resolved, all constants known. Pure data; equal
 * plans load equal programs.
 *
 * @param uid of the Kubernetes object, at most 39 bytes; what counters are keyed by
 * @param generation of the Kubernetes object
 * @param monitor whether actions are only counted and reported
 * @param scope where it acts
 * @param hooks in the order of the policy, at least one
 */
public record PolicyPlan(
    String uid, long generation, boolean monitor, Scope scope, List<HookPlan> hooks) {
  public PolicyPlan {
    hooks = List.copyOf(hooks);
  }

  /** In which cgroups a policy acts. */
  public enum Scope {
    /** In all, whatever is said of them. */
    EVERYWHERE,
    /** In those that {@link SkepKernel#cover} names it for. */
    CHOSEN
  }
}
