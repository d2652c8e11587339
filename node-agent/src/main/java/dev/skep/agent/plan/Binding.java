package dev.skep.agent.plan;

import dev.skep.bpf.PolicyPlan;
import java.util.List;

/** What binding a policy to this node came to. */
public sealed interface Binding {
  record Bound(PolicyPlan plan) implements Binding {}

  /**
   * The policy is legal, but this node cannot carry it out.
   *
   * @param problems at least one, each with the path of its field and what would be right
   */
  record Unbindable(List<String> problems) implements Binding {
    public Unbindable {
      problems = List.copyOf(problems);
    }
  }
}
