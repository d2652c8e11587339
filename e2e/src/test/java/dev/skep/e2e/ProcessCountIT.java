package dev.skep.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.cluster.NeedsControlPlane;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Every fork, exec and exit is counted, however fast they come. */
@NeedsControlPlane
@NeedsKernel
@ExtendWith(LogsOfFailure.class)
class ProcessCountIT {
  private static final long CHILDREN = 20_000;

  @TempDir Path folder;

  @Test
  void twentyThousandForksAndExecsOfACgroupAreCountedExactly() throws IOException {
    var storm = Shell.compiled("storm", folder);
    var cgroup =
        Files.createDirectory(unified().resolve("skep-count-" + ProcessHandle.current().pid()));
    try (var skep = RunningSkep.start("count-node")) {
      await().atMost(Duration.ofSeconds(60)).until(() -> skep.nodeState().isPresent());
      skep.apply(Policies.watch("counts", folder));
      skep.until("counts", Duration.ofSeconds(10), Statuses::ready);
      long before = execs(skep);

      // The shell joins the cgroup, then becomes the storm: one exec more than the storm prints.
      var ended =
          Shell.bash("echo $$ > " + cgroup + "/cgroup.procs; exec " + storm + " " + CHILDREN);
      assertThat(ended.output().strip()).isEqualTo(Long.toString(CHILDREN));

      var counters = counters(skep, Files.getAttribute(cgroup, "unix:ino").toString());
      assertThat(counters.get("forks").asLong()).isEqualTo(CHILDREN);
      assertThat(counters.get("execs").asLong()).isEqualTo(CHILDREN + 1);
      assertThat(counters.get("exits").asLong()).isEqualTo(CHILDREN + 1);
      skep.until(
          "counts",
          Duration.ofSeconds(20),
          s -> s.processEvents() != null && s.processEvents().exec() >= before + CHILDREN);
    } finally {
      Files.delete(cgroup);
    }
  }

  private static long execs(RunningSkep skep) {
    var events = skep.status("counts").orElseThrow().processEvents();
    return events == null ? 0 : events.exec();
  }

  /** Asked of the kernel by bpftool, not of Skep. */
  private static JsonNode counters(RunningSkep skep, String cgroup) throws IOException {
    var words =
        new ArrayList<>(
            List.of(
                "bpftool",
                "-j",
                "map",
                "lookup",
                "pinned",
                skep.bpfFolder() + "/maps/cgroup_counters",
                "key",
                "hex"));
    var key = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
    for (var part : key.putLong(Long.parseLong(cgroup)).array()) {
      words.add("%02x".formatted(part));
    }
    var ended = Shell.run(words);
    assertThat(ended.exitCode()).as(ended.output()).isZero();
    return new ObjectMapper().readTree(ended.output()).get("formatted").get("value");
  }

  /** Where the unified cgroup hierarchy is mounted: at the top, or beside those of version 1. */
  private static Path unified() {
    var hybrid = Path.of("/sys/fs/cgroup/unified");
    return Files.isDirectory(hybrid) ? hybrid : Path.of("/sys/fs/cgroup");
  }
}
