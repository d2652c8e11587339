package dev.skep.operator;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The operator as a program. */
@Command(
    name = "skep-operator",
    description =
        "Tells each node which policies it has to trace and guard by, and users what came of it.",
    versionProvider = OperatorMain.Version.class,
    mixinStandardHelpOptions = true)
public final class OperatorMain implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(OperatorMain.class);

  @Spec private @Nullable CommandSpec spec;

  public static void main(String[] arguments) {
    int exitCode = new CommandLine(new OperatorMain()).addSubcommand(new Run()).execute(arguments);
    if (exitCode != 0) {
      Runtime.getRuntime().halt(exitCode);
    }
    // Else the operator's own threads go on until a signal ends the process.
  }

  /** Of the jar; a run from class files has none. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "skep-operator "
            + Objects.requireNonNullElse(
                OperatorMain.class.getPackage().getImplementationVersion(), "development")
      };
    }
  }

  @Override
  public void run() {
    throw new ParameterException(
        Objects.requireNonNull(spec).commandLine(), "say what to do: skep-operator run");
  }

  @Command(
      name = "run",
      description = "Runs until it is stopped by a signal, or loses the lease.",
      mixinStandardHelpOptions = true)
  static final class Run implements Callable<Integer> {
    @Option(
        names = "--kubeconfig",
        paramLabel = "FILE",
        description = "else the variable KUBECONFIG, else the pod's service account")
    private @Nullable Path kubeconfig;

    @Option(
        names = "--namespace",
        defaultValue = "skep-system",
        description = "of ConfigMaps and lease (default: ${DEFAULT-VALUE})")
    private String namespace = "skep-system";

    @Option(
        names = "--port",
        defaultValue = "8080",
        description = "of /healthz, /readyz and /metrics (default: ${DEFAULT-VALUE})")
    private int port;

    @Option(
        names = "--identity",
        paramLabel = "NAME",
        description = "in the lease (default: the pod's name, else a random one)")
    private @Nullable String identity;

    @Override
    public Integer call() {
      try {
        SkepOperator.start(
            new SkepOperator.Settings(kubeconfig, namespace, port, identity(identity)));
        return 0;
      } catch (IOException | RuntimeException e) {
        log.error("cannot start: {}", reasons(e));
        log.debug("cannot start", e);
        return 1;
      }
    }

    /** What was tried and why it failed: a stack would tell no user more. */
    private static String reasons(Throwable error) {
      return Stream.iterate(error, Objects::nonNull, Throwable::getCause)
          .map(cause -> Objects.requireNonNullElse(cause.getMessage(), cause.toString()))
          .distinct()
          .collect(Collectors.joining(": "));
    }

    private static String identity(@Nullable String given) {
      var pod = System.getenv("HOSTNAME");
      if (given != null) {
        return given;
      }
      return pod != null && !pod.isBlank() ? pod : UUID.randomUUID().toString();
    }
  }
}
