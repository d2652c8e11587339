package dev.skep.agent;

import static dev.skep.agent.Cgroups.hierarchy;
import static dev.skep.agent.Cgroups.in;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A busy cgroup beside a quiet one. */
@NeedsKernel
class AgentThrottleIT {
  @TempDir private Path dir;
  private Path busy = Path.of("");
  private Path quiet = Path.of("");

  @BeforeEach
  void makeCgroups() throws IOException {
    busy = Files.createDirectory(hierarchy().resolve("skep-busy-" + dir.getFileName()));
    quiet = Files.createDirectory(hierarchy().resolve("skep-quiet-" + dir.getFileName()));
  }

  @AfterEach
  void removeCgroups() throws IOException {
    Files.delete(busy);
    Files.delete(quiet);
  }

  @Test
  void aBusyCgroupIsThrottledAndToldOnceAtEachEndAndItsNeighbourIsTold() {
    try (var agent = RunningAgent.start(dir, "--cgroup-rate", "40,1s")) {
      var storm = Shell.start(in(busy, "for i in {1..1000}; do /bin/true storm; done"));
      assertThat(Shell.run(in(quiet, "for i in {1..10}; do /bin/true quiet-$i; done"))).isZero();
      assertThat(Shell.exitCode(storm)).isZero();

      var start = agent.awaitEvent("process_throttle", e -> cgroup(e).equals(name(busy)));
      assertThat(start.at("/type").asText()).isEqualTo("THROTTLE_START");
      agent.awaitEvent(
          "process_throttle",
          e -> cgroup(e).equals(name(busy)) && e.at("/type").asText().equals("THROTTLE_STOP"));
      agent.stop();

      assertThat(agent.events("process_throttle"))
          .filteredOn(e -> cgroup(e).equals(name(busy)))
          .hasSize(2);
      assertThat(agent.events("process_throttle")).noneMatch(e -> cgroup(e).equals(name(quiet)));
      assertThat(told(agent, "storm")).isBetween(1L, 500L);
      assertThat(told(agent, "quiet-")).isEqualTo(10);
      assertThat(agent.log()).contains("not told");
    }
  }

  private static long told(RunningAgent agent, String argument) {
    return agent.events("process_exec").stream()
        .filter(e -> e.at("/process/binary").asText().endsWith("/true"))
        .filter(e -> e.at("/process/arguments").asText().startsWith(argument))
        .count();
  }

  private static String cgroup(JsonNode event) {
    return event.at("/cgroup").asText();
  }

  private static String name(Path cgroup) {
    return "/" + cgroup.getFileName();
  }
}
