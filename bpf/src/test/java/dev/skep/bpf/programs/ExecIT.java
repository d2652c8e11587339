package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.Scale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each program that begins is told once, whoever starts it; none that is refused is. */
@NeedsKernel
class ExecIT {
  private static final int ENOENT = 2;
  private static final int ENOEXEC = 8;
  private static final int EACCES = 13;

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @Test
  void aProcessMayExecuteManyProgramsOneAfterTheOther() {
    var family =
        Family.live("fork", "exec", "exec", "exec", "fork", "exec", "exec", ".", "exec", "end", 1);

    family.isTold(node);
  }

  @Test
  void aThreadThatExecutesBecomesTheProcess() {
    var family = Family.live("fork", "idle-threads", 5, "thread-exec", "thread-exec", "end", 6);

    assertThat(family.lines()).hasSize(4);
    family.isTold(node);
  }

  @Test
  void anExecThatIsRefusedIsNone(@TempDir Path folder) throws IOException {
    var text = Files.writeString(folder.resolve("text"), "no program");
    var program = Files.writeString(folder.resolve("program"), "neither");
    assertThat(program.toFile().setExecutable(true)).isTrue();

    var family =
        Family.live(
            "fork",
            "try",
            folder.resolve("nothing"),
            "try",
            text,
            "try",
            program,
            "try",
            folder,
            "end",
            1);

    assertThat(family.refusals()).containsExactly(ENOENT, EACCES, ENOEXEC, EACCES);
    assertThat(family.lines()).hasSize(2);
    family.isTold(node);
  }

  /** Whether it got so far only the kernel knows: one that ended by itself did. */
  @Test
  void whoIsKilledOnItsWayToAProgramIsToldAsFarAsItGot() {
    int runs = Math.max(30, Scale.of(300));
    var family = Family.live("race", runs, Trigger.TINY);

    var told = family.told(node.records());

    assertThat(told).hasSize(runs + 1);
    told.forEach((pid, lines) -> {
      assertThat(lines)
          .filteredOn(line -> !line.startsWith("exec"))
          .isEqualTo(family.ledger().get(pid));
      boolean ended = lines.contains("exit " + pid + " 0");
      assertThat(lines).as("runs").hasSizeBetween(ended ? 3 : 2, 3);
      assertThat(lines.getLast()).startsWith("exit");
    });
    assertThat(executed(told)).as("that were killed before").isLessThan(runs + 1L);
  }

  private static long executed(Map<Integer, List<String>> told) {
    return told.entrySet().stream()
        .filter(life -> life.getValue().contains("exec " + life.getKey()))
        .count();
  }
}
