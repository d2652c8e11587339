package dev.skep.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A policy that can be carried out: everything in it is legal and supported, every default is
 * filled in. What a node's kernel says to it is another question.
 *
 * @param uid of the Kubernetes object; a name of its own where it came from a file
 * @param generation of the Kubernetes object; 1 where it came from a file
 * @param hooks in the order of the file, at least one
 */
public record Policy(
    String name,
    String uid,
    long generation,
    boolean monitor,
    LabelSelector nodeSelector,
    Scope scope,
    List<Hook> hooks) {
  public Policy {
    hooks = List.copyOf(hooks);
    if (hooks.isEmpty()) {
      throw new IllegalArgumentException(name + " has no hook");
    }
  }

  /** Of a policy for one namespace; null: for the whole cluster. */
  public @Nullable String namespace() {
    return scope.namespace();
  }

  /** What status shows: what the policy does, not only what it asks for. */
  public Mode mode() {
    boolean enforces =
        hooks.stream().flatMap(h -> h.selectors().stream()).anyMatch(s -> s.action().enforces());
    if (!enforces) {
      return Mode.OBSERVE;
    }
    return monitor ? Mode.MONITOR : Mode.ENFORCE;
  }

  public enum Mode {
    ENFORCE("enforce"),
    MONITOR("monitor"),
    OBSERVE("observe");

    private final String text;

    Mode(String text) {
      this.text = text;
    }

    /** As in spec and status. */
    public String text() {
      return text;
    }
  }
}
