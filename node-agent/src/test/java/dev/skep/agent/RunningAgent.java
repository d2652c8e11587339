package dev.skep.agent;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;

/** The agent as users run it: a process of its own, with a folder of bpffs of its own. */
final class RunningAgent implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Long, for emulated processors; nothing waits longer than it has to. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final Process process;
  private final Path out;
  private final Path err;
  private final Path pins;

  private RunningAgent(Process process, Path out, Path err, Path pins) {
    this.process = process;
    this.out = out;
    this.err = err;
    this.pins = pins;
  }

  /** A folder of bpffs that no other test uses. */
  static Path pins(Path scratch) {
    return Path.of("/sys/fs/bpf/skep-it-" + scratch.getFileName());
  }

  /** Starts it and waits until it says that it is ready. */
  static RunningAgent start(Path scratch, String... arguments) {
    return startBy(List.of(), scratch, arguments);
  }

  /**
   * The same through another program.
   *
   * @param by that program and its arguments
   */
  static RunningAgent startBy(List<String> by, Path scratch, String... arguments) {
    var agent = launchBy(by, scratch, arguments);
    try {
      await()
          .atMost(PATIENCE)
          .until(() -> agent.log().contains("ready: ") || !agent.process.isAlive());
    } catch (ConditionTimeoutException e) {
      agent.close();
      throw new IllegalStateException("the agent does not get ready: " + agent.log(), e);
    }
    if (!agent.process.isAlive()) {
      throw new IllegalStateException(
          "the agent ended with " + agent.process.exitValue() + ": " + agent.log());
    }
    return agent;
  }

  /** Starts it. */
  static RunningAgent launch(Path scratch, String... arguments) {
    return launchBy(List.of(), scratch, arguments);
  }

  /**
   * Starts it through another program.
   *
   * @param by that program and its arguments
   */
  static RunningAgent launchBy(List<String> by, Path scratch, String... arguments) {
    try {
      var out = Files.createTempFile(scratch, "events", ".json");
      var err = Files.createTempFile(scratch, "agent", ".log");
      var words = new ArrayList<>(by);
      words.addAll(
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC",
              "-Xmx64m",
              "-XX:TieredStopAtLevel=1",
              "--enable-native-access=ALL-UNNAMED",
              "--sun-misc-unsafe-memory-access=allow",
              "-cp",
              System.getProperty("java.class.path"),
              AgentMain.class.getName(),
              "run",
              "--bpf-dir",
              pins(scratch).toString()));
      words.addAll(List.of(arguments));
      var process =
          new ProcessBuilder(words)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      return new RunningAgent(process, out, err, pins(scratch));
    } catch (IOException e) {
      throw new UncheckedIOException("starting the agent", e);
    }
  }

  long pid() {
    return process.pid();
  }

  String log() {
    try {
      return Files.readString(err);
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + err, e);
    }
  }

  /** All that it has told so far, whole lines. */
  List<JsonNode> events() {
    try {
      var text = Files.readString(out);
      var events = new ArrayList<JsonNode>();
      for (var line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
        events.add(JSON.readTree(line));
      }
      return events;
    } catch (JsonProcessingException e) {
      throw new AssertionError("a line that is no JSON in " + out, e);
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + out, e);
    }
  }

  /** The events of one kind, such as {@code process_exec}, without their envelope. */
  List<JsonNode> events(String kind) {
    return events().stream().map(event -> event.get(kind)).filter(Objects::nonNull).toList();
  }

  /** Waits for an event. */
  JsonNode awaitEvent(String kind, Predicate<JsonNode> which) {
    return await()
        .atMost(PATIENCE)
        .until(() -> events(kind).stream().filter(which).findFirst(), found -> found.isPresent())
        .orElseThrow();
  }

  void awaitLog(String words) {
    await().atMost(PATIENCE).until(() -> log().contains(words));
  }

  /** As a service manager does; the exit code. */
  int stop() {
    process.destroy();
    return awaitExit();
  }

  int awaitExit() {
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException("the agent does not end: " + log());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** As a crash does: with SIGKILL. What is in the kernel stays. */
  void kill() {
    process.destroyForcibly();
    awaitExit();
  }

  /** Ends it, if need be, and takes all it has out of the kernel. */
  @Override
  public void close() {
    if (process.isAlive()) {
      kill();
    }
    cleanUp(pins);
  }

  static void cleanUp(Path pins) {
    int code = AgentMain.commandLine().execute("cleanup", "--bpf-dir", pins.toString());
    if (code != 0) {
      throw new AssertionError("cleanup of " + pins + " ended with " + code);
    }
  }
}
