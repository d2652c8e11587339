package dev.skep.agent.options;

import dev.skep.agent.process.ProcessDetails;
import dev.skep.agent.process.ProcessDetails.Family;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** What events tell. */
public final class EventFlags {
  enum UserNames {
    disabled,
    unix
  }

  @Option(
      names = "--enable-process-cred",
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "false",
      paramLabel = "true|false",
      description = "Capabilities, ids and setuid programs.")
  private boolean credentials;

  @Option(
      names = "--enable-process-ns",
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "false",
      paramLabel = "true|false",
      description = "Namespaces.")
  private boolean namespaces;

  @Option(
      names = "--enable-ancestors",
      split = ",",
      paramLabel = "base|kprobe|lsm",
      description =
          "All parents up to the first process, in events of these kinds: base (execs and exits), kprobe, lsm.")
  private List<Family> ancestors = List.of();

  @Option(
      names = "--username-metadata",
      defaultValue = "disabled",
      paramLabel = "disabled|unix",
      description =
          "Names of users from the host's /etc/passwd, for processes in its namespaces (default: ${DEFAULT-VALUE}).")
  private UserNames userNames = UserNames.disabled;

  @Option(
      names = "--enable-process-environment-variables",
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "false",
      paramLabel = "true|false",
      description = "Environment variables. They often hold secrets.")
  private boolean environment;

  @Option(
      names = "--filter-environment-variables",
      split = ",",
      paramLabel = "NAME",
      description = "Only these (default: all).")
  private List<String> variables = List.of();

  @Option(
      names = "--enable-pod-annotations",
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "false",
      paramLabel = "true|false",
      description = "Annotations of pods, beside their labels. Needs --kube.")
  private boolean podAnnotations;

  @Option(
      names = "--process-cache-size",
      paramLabel = "NUMBER",
      converter = CacheSize.class,
      defaultValue = "65536",
      description = "Processes that the agent remembers at most (default: ${DEFAULT-VALUE}).")
  private int processCacheSize;

  public ProcessDetails details() {
    return new ProcessDetails(
        credentials,
        namespaces,
        Set.copyOf(ancestors),
        environment,
        Set.copyOf(variables),
        userNames == UserNames.unix);
  }

  public boolean podAnnotations() {
    return podAnnotations;
  }

  public int processCacheSize() {
    return processCacheSize;
  }

  static final class CacheSize extends Values.Whole {
    CacheSize() {
      super(64, 1 << 24);
    }
  }
}
