package dev.skep.e2e;

import static java.util.concurrent.TimeUnit.SECONDS;
import static java.util.stream.Collectors.joining;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.cluster.ControlPlane;
import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.crds.v1alpha1.TracingPolicyStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A control plane, an operator and the agent of one node, each program as its launcher starts it
 * and with only its own service account's rights.
 */
final class RunningSkep implements AutoCloseable {
  static final String NAMESPACE = "skep-system";
  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private static final Executor LATER = CompletableFuture.delayedExecutor(1, SECONDS);
  private static @Nullable RunningSkep latest;

  final ControlPlane cluster;
  final String node;
  private final Path bin;
  private final Path folder;
  private final String bpfFolder;
  private final Path operatorKubeconfig;
  private final Path agentKubeconfig;
  private @Nullable Process operator;
  private @Nullable Process agent;

  private RunningSkep(ControlPlane cluster, String node, Path bin, Path folder) {
    this.cluster = cluster;
    this.node = node;
    this.bin = bin;
    this.folder = folder;
    this.bpfFolder = "/sys/fs/bpf/skep-" + ProcessHandle.current().pid() + "-" + node;
    this.operatorKubeconfig = cluster.kubeconfigOf(NAMESPACE, "skep-operator");
    this.agentKubeconfig = cluster.kubeconfigOf(NAMESPACE, "skep-agent", node);
  }

  static RunningSkep start(String node) {
    var cluster = ControlPlane.start();
    cluster.install();
    try {
      var bin = Path.of(System.getProperty("skep.root"), "target/bin");
      var skep = new RunningSkep(cluster, node, bin, Files.createTempDirectory("skep-e2e"));
      latest = skep;
      skep.startOperator();
      skep.startAgent();
      return skep;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts the operator and, as a kubelet does, starts it again whenever it ends by itself. */
  synchronized void startOperator() {
    var started =
        launch(
            "skep-operator",
            "run",
            "--kubeconfig",
            operatorKubeconfig.toString(),
            "--namespace",
            NAMESPACE,
            "--port",
            Integer.toString(freePort()));
    operator = started;
    var _ = started.onExit().thenRunAsync(() -> restartAfter(started), LATER);
  }

  private synchronized void restartAfter(Process ended) {
    if (ended.equals(operator)) {
      startOperator();
    }
  }

  /**
   * @param more options
   */
  void startAgent(String... more) {
    var words =
        List.of(
            "run",
            "--kube",
            "--kubeconfig",
            agentKubeconfig.toString(),
            "--namespace",
            NAMESPACE,
            "--node-name",
            node,
            "--export",
            events().toString(),
            "--bpf-dir",
            bpfFolder);
    agent =
        launch("skep-agent", Stream.concat(words.stream(), Stream.of(more)).toArray(String[]::new));
  }

  /** As a node's out-of-memory killer does: no farewell. */
  void killOperator() {
    endOperator(true);
  }

  void killAgent() {
    end(agent, true);
    agent = null;
  }

  /** As a kubelet asks it to. */
  void stopAgent() {
    end(agent, false);
    agent = null;
  }

  /** As a kubelet asks it to. */
  void stopOperator() {
    endOperator(false);
  }

  /** The agent's events, one JSON object a line. */
  Path events() {
    return folder.resolve("events.json");
  }

  /** Of this agent in the kernel. */
  String bpfFolder() {
    return bpfFolder;
  }

  void apply(String yaml) {
    cluster.apply(yaml);
  }

  void delete(String policy) {
    cluster.kubectl("delete", "tracingpolicy", policy);
  }

  /** Empty until the operator has written one. */
  Optional<TracingPolicyStatus> status(String policy) {
    return read(TracingPolicyStatus.class, "tracingpolicy", policy);
  }

  /** Status of the condition of this type, or {@code none}. */
  String condition(String policy, String type) {
    return status(policy).stream()
        .flatMap(s -> s.conditions().stream())
        .filter(c -> type.equals(c.type()))
        .map(c -> String.valueOf(c.status()))
        .findFirst()
        .orElse("none");
  }

  /** Waits until the policy's status is as {@code wanted}. */
  TracingPolicyStatus until(String policy, Duration limit, Predicate<TracingPolicyStatus> wanted) {
    return await(policy)
        .atMost(limit)
        .until(() -> status(policy).filter(wanted), Optional::isPresent)
        .orElseThrow();
  }

  Optional<NodeStateStatus> nodeState() {
    return read(NodeStateStatus.class, "tracingnodestate", node);
  }

  private <T> Optional<T> read(Class<T> type, String kind, String name) {
    var answer = cluster.tryKubectl(cluster.kubeconfig(), "get", kind, name, "-o", "json");
    if (answer.exitCode() != 0) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(JSON.treeToValue(JSON.readTree(answer.out()).get("status"), type));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(answer.out(), e);
    }
  }

  /** What operator and agent of the latest instance said so far, for a failed test. */
  static String logsOfTheLatest() {
    return latest == null ? "nothing was started" : latest.logs();
  }

  private String logs() {
    return Stream.of("skep-operator", "skep-agent")
        .map(program -> "---- " + program + ".log\n" + log(program))
        .collect(joining());
  }

  /** What all processes of this program have said, {@code skep-operator} or {@code skep-agent}. */
  String log(String program) {
    try {
      var file = folder.resolve(program + ".log");
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process launch(String program, String... arguments) {
    var words = new ArrayList<>(List.of(bin.resolve(program).toString()));
    words.addAll(List.of(arguments));
    try {
      return new ProcessBuilder(words)
          .redirectErrorStream(true)
          .redirectOutput(
              ProcessBuilder.Redirect.appendTo(folder.resolve(program + ".log").toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + words + "; `make build` makes it", e);
    }
  }

  private static void end(@Nullable Process process, boolean atOnce) {
    if (process == null) {
      return;
    }
    if (atOnce) {
      process.destroyForcibly();
    } else {
      process.destroy();
    }
    try {
      if (!process.waitFor(30, SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException(process.info() + " did not stop on SIGTERM");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For good: it is not started again. */
  private synchronized void endOperator(boolean atOnce) {
    var ending = operator;
    operator = null;
    end(ending, atOnce);
  }

  @Override
  public void close() {
    end(agent, false);
    endOperator(false);
    Shell.run(List.of(bin.resolve("skep-agent").toString(), "cleanup", "--bpf-dir", bpfFolder));
    Shell.run(List.of("rm", "-r", folder.toString()));
    cluster.close();
  }
}
