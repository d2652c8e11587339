package dev.skep.bpf.programs;

import static dev.skep.bpf.programs.Witness.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the kernel starts by itself is told like all else. */
@NeedsKernel
class HelpersIT {
  private static final Path CORE_PATTERN = Path.of("/proc/sys/kernel/core_pattern");
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int KTHREADD = 2; // makes all other threads of the kernel
  private static final long SEGV_DUMPED = 11 | 0x80;

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @Test
  void aProgramThatTheKernelCallsIsTold(@TempDir Path folder) throws IOException {
    var note = folder.resolve("note");
    var helper =
        Files.writeString(
            folder.resolve("helper"), "#!/bin/sh\ncat >/dev/null\necho $$ $1 >" + note + "\n");
    assertThat(helper.toFile().setExecutable(true)).isTrue();
    var before = Files.readString(CORE_PATTERN);
    Family family;
    try {
      Files.writeString(CORE_PATTERN, "|" + helper + " %P");
      family = Family.live("cores", "fork", "raise", 11);
    } finally {
      Files.writeString(CORE_PATTERN, before);
    }
    int crashed = family.ledger().keySet().iterator().next();
    await().atMost(PATIENCE).until(() -> Files.exists(note) && Files.size(note) > 0);
    var noted = Files.readString(note).strip().split(" ", -1);
    int pid = Integer.parseInt(noted[0]);

    assertThat(noted[1]).as("whom the helper was called for").isEqualTo("" + crashed);
    assertThat(family.ledger().get(crashed))
        .last()
        .isEqualTo("exit " + crashed + " " + SEGV_DUMPED);
    family.isTold(node);
    await().atMost(PATIENCE).until(() -> node.records(Exit.class, pid).size() == 1);
    var fork = node.records(Fork.class, pid).getFirst();
    var exec = node.records(Exec.class, pid).getFirst();
    assertThat(text(exec.path())).isEqualTo(Path.of("/bin/sh").toRealPath().toString());
    assertThat(text(exec.arguments())).isEqualTo("/bin/sh\0" + helper + "\0" + crashed + "\0");
    assertThat(exec.parent()).isEqualTo(fork.parent());
    assertThat(fork.parent().pid())
        .as("a thread of the kernel")
        .isNotEqualTo(crashed)
        .isNotEqualTo(family.pid());
  }

  @Test
  void aThreadOfTheKernelIsAProcessThatExecutesNothing(@TempDir Path folder) throws Exception {
    var image = folder.resolve("image");
    run("truncate", "-s", "16M", image);
    run("mkfs.ext4", "-q", image);
    var there = Files.createDirectory(folder.resolve("there"));

    run("mount", "-o", "loop", image, there); // starts the thread of its journal
    int thread;
    try {
      thread = journalThread();
    } finally {
      run("umount", there);
    }

    assertThat(node.records(Fork.class, thread))
        .singleElement()
        .satisfies(fork -> assertThat(fork.parent().pid()).isEqualTo(KTHREADD));
    await().atMost(PATIENCE).until(() -> node.records(Exit.class, thread).size() == 1);
    assertThat(node.records(Exec.class, thread)).isEmpty();
  }

  @Test
  void theKernelsThreadsAreAmongTheProcessesThatWereThere() throws BpfException {
    var processes = node.kernel().processes();

    assertThat(processes)
        .filteredOn(process -> process.header().process().pid() == KTHREADD)
        .singleElement()
        .satisfies(process -> {
          assertThat(process.path()).isEmpty();
          assertThat(process.has(Exec.UNREADABLE_PATH)).isTrue();
        });
  }

  /** The newest one. */
  private static int journalThread() throws IOException {
    try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      int newest = 0;
      for (var process : processes) {
        if (Files.readString(process.resolve("comm")).startsWith("jbd2/loop")) {
          newest = Math.max(newest, Integer.parseInt(process.getFileName().toString()));
        }
      }
      assertThat(newest).as("the thread of the journal").isPositive();
      return newest;
    }
  }

  private static void run(Object... words) throws Exception {
    var command = List.of(words).stream().map(Object::toString).toList();
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
        .as("%s", command)
        .isZero();
  }
}
