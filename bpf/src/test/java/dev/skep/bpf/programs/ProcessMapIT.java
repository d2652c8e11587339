package dev.skep.bpf.programs;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.SkepKernel.ProcessMapStatistics;
import dev.skep.bpf.kernel.ProcessOptions;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.Scale;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The kernel's process map: what is in it, and what records and cgroups it names. */
@NeedsKernel
class ProcessMapIT {
  private static final int RUNS = Scale.of(500);

  @Test
  void statisticsTellWhatCameAndWent() throws Exception {
    try (var node = new TestNode();
        var cgroup = new TestCgroup()) {
      ProcessMapStatistics before = node.kernel().processMap();
      Trigger.run("join", cgroup.processes(), "storm", 2, RUNS, Trigger.TINY);
      node.records();
      ProcessMapStatistics after = node.kernel().processMap();

      assertThat(after.inserted() - before.inserted()).isGreaterThanOrEqualTo(2 * RUNS + 3);
      assertThat(after.removed() - before.removed()).isGreaterThanOrEqualTo(2 * RUNS + 3);
      assertThat(after.entries()).isEqualTo(after.inserted() - after.removed());
      assertThat(after.capacity()).isEqualTo(ProcessOptions.DEFAULT_MAP_ENTRIES);
      assertThat(after.insertErrors()).isZero();
      assertThat(after.removeErrors()).isZero();
      // Others fork meanwhile; so many they are not.
      assertThat((double) after.entries())
          .isCloseTo(node.kernel().processes().size(), within(50.0));
    }
  }

  @Test
  void everyRecordOfAProcessNamesTheProgramThatItRan() throws Exception {
    try (var node = new TestNode()) {
      var outcome = Trigger.run("fork", "getppid");

      var exec = node.records(Exec.class, outcome.pid()).getLast();
      assertThat(exec.header().began()).isEqualTo(exec.header().time());
      assertThat(node.records(Exit.class, outcome.pid()).getLast().header().began())
          .isEqualTo(exec.header().time());
      var child =
          of(node.records(), Fork.class).stream()
              .filter(fork -> fork.parent().pid() == outcome.pid())
              .findFirst()
              .orElseThrow();
      assertThat(child.parentBegan()).isEqualTo(exec.header().began());
      assertThat(child.header().began()).isEqualTo(child.header().process().start());
      assertThat(
              node.records(Exit.class, child.header().process().pid()).getLast().header().began())
          .isEqualTo(child.header().began());
    }
  }

  @Test
  void whatAParentRanIsKeptIfAskedFor() throws Exception {
    var options =
        new ProcessOptions(
            ProcessOptions.DEFAULT_MAP_ENTRIES,
            ProcessOptions.DEFAULT_ARGUMENT_BYTES,
            0,
            true,
            null,
            null);
    try (var node = new TestNode(8 << 20, options)) {
      var outcome = Trigger.run("fork", "getppid");

      var exec = node.records(Exec.class, outcome.pid()).getLast();
      assertThat(keptBinary(node, outcome.pid(), exec.header().began()))
          .isEqualTo(Trigger.PROGRAM.toRealPath().toString());
    }
  }

  /** struct binary_key: pid, padding, began; struct binary_value: size, padding, bytes. */
  private static String keptBinary(TestNode node, int pid, long began) throws BpfException {
    try (var map = KernelMap.pinned(Path.of(node.kernel().folder(), "maps", "parent_binaries"));
        var arena = Arena.ofConfined()) {
      var key = arena.allocate(map.keySize(), Long.BYTES);
      key.set(JAVA_INT, 0, pid);
      key.set(JAVA_LONG, Long.BYTES, began);
      var value = arena.allocate(map.valueSize(), Long.BYTES);
      return map.get(key, value)
          ? new String(
              value.asSlice(Integer.BYTES, value.get(JAVA_SHORT, 0)).toArray(JAVA_BYTE), UTF_8)
          : "";
    }
  }

  @Test
  void cgroupsHaveTheirPathAndAreAllFound() throws Exception {
    try (var node = new TestNode();
        var cgroup = new TestCgroup()) {
      assertThat(node.kernel().cgroupPath(cgroup.id()))
          .hasValue("/" + cgroup.folder().getFileName());
      assertThat(node.kernel().cgroupPath(1)).hasValue("/");
      assertThat(node.kernel().cgroupPath(1L << 60)).isEmpty();
      assertThat(node.kernel().cgroups())
          .startsWith(new SkepKernel.Cgroup(1, 0, "/"))
          .contains(new SkepKernel.Cgroup(cgroup.id(), 1, "/" + cgroup.folder().getFileName()));
    }
  }

  private static <R extends KernelRecord> List<R> of(List<KernelRecord> told, Class<R> kind) {
    return told.stream().filter(kind::isInstance).map(kind::cast).toList();
  }
}
