package dev.skep.policy;

import dev.skep.policy.ast.PolicyHook;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A policy as its file says it, read whole and legal. {@link Policy} is what of it this version can
 * carry out.
 *
 * @param uid of the Kubernetes object; a name of its own where it came from a file
 * @param generation of the Kubernetes object; 1 where it came from a file
 * @param enforceAt path of the field that asks to enforce; null: none does, it is the default
 * @param hooks kprobes, fentries, tracepoints and lsmhooks, each in the order of the file
 */
public record PolicyTree(
    String name,
    String uid,
    long generation,
    boolean monitor,
    @Nullable String enforceAt,
    OverrideMethod overrideMethod,
    LabelSelector nodeSelector,
    Scope scope,
    List<PolicyHook> hooks) {
  public PolicyTree {
    hooks = List.copyOf(hooks);
  }

  /** How a call's return value is to be replaced. */
  public enum OverrideMethod {
    AUTOMATIC,
    FMOD_RET,
    OVERRIDE_RETURN
  }
}
