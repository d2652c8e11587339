package dev.skep.agent.policy;

/**
 * How a policy stands on this node.
 *
 * @param reason a CamelCase word for programs
 * @param message for people; empty if there is nothing to say
 */
public record PolicyStanding(WantedPolicy policy, State state, String reason, String message) {

  public enum State {
    /** Known, its turn has not come. */
    PENDING("Pending"),
    LOADING("Loading"),
    /** The kernel was asked and holds all of it. */
    LOADED("Loaded"),
    /** The kernel holds a part of it, or cannot be asked. */
    DEGRADED("Degraded"),
    /** Legal, but not on this node or not in this version. */
    UNSUPPORTED("Unsupported"),
    FAILED("Failed"),
    /** Not meant for this node. */
    SKIPPED("Skipped");

    private final String text;

    State(String text) {
      this.text = text;
    }

    /** As in the node's status. */
    public String text() {
      return text;
    }
  }
}
