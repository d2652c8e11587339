package dev.skep.agent.kube;

import dev.skep.crds.v1alpha1.NodeStateStatus;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** All that the agent wants of an API server: its one ConfigMap, its one report, its pods. */
public interface Cluster extends AutoCloseable {

  /** The uid of the Node. Reports are for that one until this is asked again. */
  String nodeUid() throws ClusterException;

  /** What this node reported last; empty if it never did, or only as an earlier Node. */
  Optional<NodeStateStatus> lastReport() throws ClusterException;

  /**
   * Replaces this node's report; makes the object, owned by the Node, where it is missing. Fails if
   * that would be another Node than {@link #nodeUid} said.
   */
  void report(NodeStateStatus status) throws ClusterException;

  /**
   * Hands over the node's ConfigMap, now and whenever it changes, and goes on after every outage
   * until {@link #close}. Says nothing while there is none: a node that was told nothing keeps what
   * it has.
   *
   * @param config called on a thread of the client's, must not block
   */
  void watchConfig(Consumer<Map<String, String>> config);

  /** The same for the pods of this node. */
  void watchPods(Pods pods);

  @Override
  void close();
}
