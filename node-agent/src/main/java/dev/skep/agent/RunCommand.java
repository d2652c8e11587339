package dev.skep.agent;

import dev.skep.agent.options.EventFlags;
import dev.skep.agent.options.ExportFlags;
import dev.skep.agent.options.KernelFlags;
import dev.skep.agent.options.OptionSources;
import dev.skep.agent.options.PolicyFlags;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "run",
    description = {
      "Traces this node's processes and carries out policies:",
      "those of the cluster with --kube, those of files without."
    },
    footer = {
      "",
      "An option that is not on the command line is taken from its environment",
      "variable, else from the file of its name (without dashes) in --config-dir.",
      "Exit codes: 0 stopped by a signal, 2 wrong options, 1 everything else."
    },
    abbreviateSynopsis = true,
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--config-dir",
      paramLabel = "DIR",
      description = "A folder of options, one file each, such as a mounted ConfigMap.")
  private @Nullable Path configDir;

  @ArgGroup(validate = false, order = 1, heading = "%nPolicies%n")
  private PolicyFlags policies = new PolicyFlags();

  @ArgGroup(validate = false, order = 2, heading = "%nWhat events tell%n")
  private EventFlags events = new EventFlags();

  @ArgGroup(validate = false, order = 3, heading = "%nWhere events go%n")
  private ExportFlags export = new ExportFlags();

  @ArgGroup(validate = false, order = 4, heading = "%nIn the kernel%n")
  private KernelFlags kernel = new KernelFlags();

  @Override
  public Integer call() throws IOException {
    var command = Objects.requireNonNull(spec);
    if (command.commandLine().getDefaultValueProvider() instanceof OptionSources sources) {
      sources.requireKnownFiles(configDir, command);
    }
    var node = policies.node(ThisHost.hostname());
    var details = events.details();
    return AgentRun.run(
        new AgentSettings(
            node,
            policies.files(),
            export.options(),
            policies.cluster(node, events.podAnnotations(), command),
            kernel.options(details.environment()),
            details,
            events.processCacheSize(),
            policies.keep(),
            policies.healthServer()));
  }
}
