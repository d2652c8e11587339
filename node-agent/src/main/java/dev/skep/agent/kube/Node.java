package dev.skep.agent.kube;

import dev.skep.crds.v1alpha1.NodeStateStatus;
import java.util.Map;
import java.util.Optional;

/**
 * The agent, as the API server's side of it needs it. Called on one thread but for {@link #config}.
 */
public interface Node {
  /**
   * The Node has this uid: said before anything else, and again where it may be another one of the
   * same name by now.
   */
  void joined(String uid);

  /** What this node reported before this agent began; told once, before any config. */
  void resume(NodeStateStatus last);

  /** The node's ConfigMap. Must not block. */
  void config(Map<String, String> data);

  /** How the node stands now; empty while that is not known. */
  Optional<NodeStateStatus> report();

  /** What {@link #report} gave last has been taken. */
  void reported();
}
