package dev.skep.operator;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The operator as it is deployed: a process of its own, with its own account. */
final class OperatorProcess implements AutoCloseable {
  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final int port;
  private final Path log;

  private OperatorProcess(Process process, int port, Path log) {
    this.process = process;
    this.port = port;
    this.log = log;
  }

  /** Ready when this returns; that may mean that it stands by. */
  static OperatorProcess start(Path kubeconfig, String identity) {
    var started = launch(kubeconfig, identity, freePort());
    await("operator ready, log in " + started.log)
        .atMost(Duration.ofSeconds(60))
        .until(() -> !started.process.isAlive() || started.status("/readyz") == 200);
    if (!started.process.isAlive()) {
      throw new IllegalStateException("the operator ended: " + started.log());
    }
    return started;
  }

  static OperatorProcess launch(Path kubeconfig, String identity, int port) {
    try {
      var log = Files.createTempFile(Path.of("target"), identity + "-", ".log");
      var process =
          new ProcessBuilder(
                  List.of(
                      Path.of(System.getProperty("java.home"), "bin/java").toString(),
                      "-Xmx128m",
                      "-XX:+UseSerialGC",
                      "-cp",
                      System.getProperty("java.class.path"),
                      "dev.skep.operator.OperatorMain",
                      "run",
                      "--kubeconfig",
                      kubeconfig.toString(),
                      "--port",
                      Integer.toString(port),
                      "--identity",
                      identity))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
      return new OperatorProcess(process, port, log);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start the operator", e);
    }
  }

  private static int freePort() {
    try (var free = new ServerSocket(0)) {
      return free.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int status(String path) {
    try {
      return get(path).statusCode();
    } catch (IOException _) {
      return -1;
    }
  }

  private HttpResponse<String> get(String path) throws IOException {
    try {
      var uri = URI.create("http://127.0.0.1:" + port + path);
      return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  String metrics() {
    try {
      return get("/metrics").body();
    } catch (IOException e) {
      throw new UncheckedIOException("no metrics; log: " + log(), e);
    }
  }

  /** What it says it has written: ConfigMaps, statuses and the ledger. */
  long writes() {
    return count("skep_operator_writes_total");
  }

  /** A counter of {@code /metrics}, all labels added up. */
  long count(String metric) {
    return Pattern.compile("(?m)^" + metric + "(?:\\{.*})? ([0-9.E+]+)$")
        .matcher(metrics())
        .results()
        .mapToLong(match -> (long) Double.parseDouble(match.group(1)))
        .sum();
  }

  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean leads() {
    return log().contains("leading as");
  }

  long pid() {
    return process.pid();
  }

  /** Ends it as Kubernetes does; its exit code. */
  int terminate() {
    process.destroy();
    return ended(Duration.ofSeconds(20));
  }

  void kill() {
    process.destroyForcibly();
    ended(Duration.ofSeconds(10));
  }

  /** Waits for its end; its exit code. */
  int ended(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("the operator still runs after " + limit + ": " + log());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      terminate();
    }
  }
}
