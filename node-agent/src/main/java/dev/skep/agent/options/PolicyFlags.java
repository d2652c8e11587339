package dev.skep.agent.options;

import dev.skep.agent.kube.ClusterOptions;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Where policies come from, and whether they stay. */
public final class PolicyFlags {
  enum OnExit {
    keep,
    detach
  }

  @Option(
      names = {"--tracing-policy", "--policy"},
      paramLabel = "FILE|DIR",
      split = ",",
      description = "A policy, or a folder of policies (*.yaml). May be given several times.")
  private List<Path> policies = List.of();

  @Option(
      names = "--kube",
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "false",
      paramLabel = "true|false",
      description = "Work for a cluster.")
  private boolean kube;

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      defaultValue = "${env:KUBECONFIG}",
      description = "How to reach the cluster (default: $KUBECONFIG, else the pod's own account).")
  private @Nullable Path kubeconfig;

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      defaultValue = "skep-system",
      description = "Where the operator keeps this node's ConfigMap (default: ${DEFAULT-VALUE}).")
  private String namespace = "";

  @Option(
      names = "--node-name",
      paramLabel = "NAME",
      defaultValue = "${env:NODE_NAME}",
      description = "This node's name (default: $$NODE_NAME, else the host's name).")
  private @Nullable String nodeName;

  @Option(
      names = "--on-exit",
      paramLabel = "keep|detach",
      description =
          "Whether policies go on acting without the agent (default: keep with --kube, else detach).")
  private @Nullable OnExit onExit;

  @Option(
      names = "--daemonset",
      paramLabel = "NAME",
      description =
          "The agent's own DaemonSet. Where that is gone when the agent ends, and --on-exit does not say keep, policies go with it.")
  private @Nullable String daemonSet;

  @Option(
      names = "--health-server-address",
      paramLabel = "[HOST]:PORT",
      converter = Values.Address.class,
      description = "Where /healthz and /readyz are answered over HTTP (default: nowhere).")
  private @Nullable InetSocketAddress healthServer;

  /** Null: nobody asks for the agent's health. */
  public @Nullable InetSocketAddress healthServer() {
    return healthServer;
  }

  /** Empty with a cluster. */
  public List<Path> files() {
    return policies;
  }

  public String node(String hostname) {
    return nodeName == null || nodeName.isEmpty() ? hostname : nodeName;
  }

  public boolean keep() {
    return onExit == null ? kube : onExit == OnExit.keep;
  }

  /** Null: without a cluster. */
  public @Nullable ClusterOptions cluster(
      String node, boolean podAnnotations, CommandSpec command) {
    if (kube && !policies.isEmpty()) {
      throw new ParameterException(
          command.commandLine(),
          "--policy and --kube: with a cluster the policies come from there");
    }
    var asked = onExit == null && daemonSet != null && !daemonSet.isEmpty() ? daemonSet : null;
    return kube ? new ClusterOptions(kubeconfig, namespace, node, asked, podAnnotations) : null;
  }
}
