package dev.skep.agent.policy;

import java.util.List;

/**
 * All policies of the node at one moment.
 *
 * @param config hash of the configuration they come from; empty if there was none yet
 * @param policies ordered by uid
 */
public record Standings(String config, List<PolicyStanding> policies) {
  public static final Standings NONE = new Standings("", List.of());

  public Standings {
    policies = List.copyOf(policies);
  }
}
