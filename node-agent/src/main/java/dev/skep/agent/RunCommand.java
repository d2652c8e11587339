package dev.skep.agent;

import dev.skep.agent.kube.ClusterOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "run",
    description = {
      "Traces this node's processes and carries out policies:",
      "those of the cluster with --kube, those of files without."
    },
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  static final String BPF_DIR = "/sys/fs/bpf/skep";

  enum OnExit {
    keep,
    detach
  }

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--policy",
      paramLabel = "FILE|DIR",
      description = "A policy, or a folder of policies (*.yaml). May be given several times.")
  private List<Path> policies = List.of();

  @Option(
      names = "--export",
      paramLabel = "FILE|-",
      defaultValue = "-",
      description = "Where events go, one JSON object a line (default: standard output).")
  private String export = "-";

  @Option(names = "--kube", description = "Work for a cluster.")
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
  private String namespace = "skep-system";

  @Option(
      names = "--node-name",
      paramLabel = "NAME",
      defaultValue = "${env:NODE_NAME}",
      description = "This node's name (default: $$NODE_NAME, else the host's name).")
  private @Nullable String nodeName;

  @Option(
      names = "--bpf-dir",
      paramLabel = "DIR",
      defaultValue = BPF_DIR,
      description = "Folder of bpffs for the agent's pins (default: ${DEFAULT-VALUE}).")
  private Path bpfDir = Path.of(BPF_DIR);

  @Option(
      names = "--on-exit",
      paramLabel = "keep|detach",
      description =
          "Whether policies go on acting without the agent (default: keep with --kube, else detach).")
  private @Nullable OnExit onExit;

  @Option(
      names = "--ring-size",
      paramLabel = "BYTES",
      defaultValue = "4194304",
      description = "Of the events' ring, a power of two (default: ${DEFAULT-VALUE}).")
  private int ringBytes = 4 << 20;

  @Override
  public Integer call() throws IOException {
    if (kube && !policies.isEmpty()) {
      throw new ParameterException(
          Objects.requireNonNull(spec).commandLine(),
          "--policy and --kube: with a cluster the policies come from there");
    }
    var node = nodeName == null || nodeName.isEmpty() ? ThisHost.hostname() : nodeName;
    var keep = onExit == null ? kube : onExit == OnExit.keep;
    return AgentRun.run(
        new AgentRun.Settings(
            node,
            policies,
            export.equals("-") ? null : Path.of(export),
            kube ? new ClusterOptions(kubeconfig, namespace, node) : null,
            bpfDir,
            ringBytes,
            keep));
  }
}
