package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.cluster.NeedsKernel;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of each process is told once, with the status that its parent gets. */
@NeedsKernel
class ExitIT {
  private static final int SIGNALS = 64;

  /** CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH: by default they end nothing. */
  private static final Set<Integer> HARMLESS = Set.of(17, 18, 19, 20, 21, 22, 23, 28);

  /** QUIT, ILL, TRAP, ABRT, BUS, FPE, SEGV, XCPU, XFSZ, SYS. */
  private static final Set<Integer> DUMPING = Set.of(3, 4, 5, 6, 7, 8, 11, 24, 25, 31);

  private static final int DUMPED = 0x80;

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @Test
  void everyCodeIsThatWhichTheParentGets() {
    var family = Family.live(each(Stream.of(0, 1, 2, 127, 128, 255, 256, -1), "end"));

    assertThat(family.ledger()).hasSize(8);
    family.isTold(node);
  }

  @Test
  void everySignalThatKillsIsTold() {
    var killing =
        IntStream.rangeClosed(1, SIGNALS).boxed().filter(number -> !HARMLESS.contains(number));

    var family = Family.live(each(killing, "raise"));

    assertThat(family.ledger()).hasSize(SIGNALS - HARMLESS.size());
    family.isTold(node);
  }

  @Test
  void aCoreDumpIsTold(@TempDir Path folder) {
    var words = Stream.concat(Stream.of("cores"), Stream.of(each(DUMPING.stream(), "raise")));

    var family = Family.live(folder, words.toArray());

    assertThat(family.ledger().values())
        .hasSize(DUMPING.size())
        .allSatisfy(lines -> assertThat(status(lines) & DUMPED).as("dumped").isEqualTo(DUMPED));
    family.isTold(node);
  }

  @Test
  void manyThreadsEndOnce() {
    var family =
        Family.live(
            "fork",
            "idle-threads",
            30,
            "end",
            1,
            ".",
            "fork",
            "idle-threads",
            30,
            "raise",
            9,
            ".",
            "fork",
            "idle-threads",
            30,
            "thread-end",
            3,
            ".");

    assertThat(family.ledger()).hasSize(3);
    family.isTold(node);
  }

  @Test
  void theProcessEndsWithItsLastThread() {
    var family =
        Family.live("fork", "leader-leaves", 5, 9, ".", "fork", "exec", "leader-leaves", 0, 7);

    assertThat(family.ledger()).hasSize(2);
    family.isTold(node);
  }

  @Test
  void anEndIsToldOfWhomNobodyWaitsFor() {
    var family = Family.live("subreaper", "fork", "detach", "end", 3, ".", "raise", 9);

    assertThat(family.ledger()).hasSize(2);
    family.isTold(node);
  }

  private static Object[] each(Stream<Integer> numbers, String word) {
    return numbers.flatMap(number -> Stream.of("fork", word, number, ".")).toArray();
  }

  private static int status(List<String> lines) {
    var last = lines.getLast();
    return Integer.parseInt(last.substring(last.lastIndexOf(' ') + 1));
  }
}
