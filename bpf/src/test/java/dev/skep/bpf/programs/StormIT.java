package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.Scale;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

@NeedsKernel
class StormIT {

  @Test
  void everyForkExecAndExitOfAStormOf20000IsCountedAndToldInOrder() throws Exception {
    int each = Math.max(100, Scale.of(10_000));
    try (var node = new TestNode();
        var cgroup = new TestCgroup()) {

      var outcome = Trigger.run("join", cgroup.processes(), "storm", 2, each, Trigger.TINY);

      assertThat(outcome.last()).as("runs that failed").isZero();
      // Two forks for the lines of the storm, and the exit of the one that started them.
      var totals = new ProcessTotals(2L * each + 2, 2L * each, 2L * each + 3);
      assertThat(node.kernel().processTotals(cgroup.id())).isEqualTo(totals);
      assertThat(node.kernel().drops()).allSatisfy((cause, lost) -> assertThat(lost).isZero());
      var lives = lives(node.records(), cgroup.id());
      assertThat(lives.values())
          .filteredOn(List.of("Fork", "Exec", "Exit")::equals)
          .hasSize(2 * each);
      assertThat(lives.values()).filteredOn(List.of("Fork", "Exit")::equals).as("lines").hasSize(2);
      assertThat(lives.values()).filteredOn(List.of("Exit")::equals).as("all of it").hasSize(1);
      assertThat(lives).hasSize(2 * each + 3);
    }
  }

  private static Map<ProcessKey, List<String>> lives(List<KernelRecord> records, long cgroup) {
    var lives = new HashMap<ProcessKey, List<String>>();
    for (var record : records) {
      if (record.header().cgroup() == cgroup
          && (record instanceof Fork || record instanceof Exec || record instanceof Exit)) {
        lives
            .computeIfAbsent(record.header().process(), _ -> new ArrayList<>(3))
            .add(record.getClass().getSimpleName());
      }
    }
    return lives;
  }
}
