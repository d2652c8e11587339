package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What began with a container is told apart from what came into it later. */
@NeedsKernel
class InitTreeIT {
  @AutoClose private static TestNode node;
  private Process container = startContainer();

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  /** The first process of a pid namespace, a shell, and its child. */
  private static Process startContainer() {
    try {
      return new ProcessBuilder(
              "unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "sleep 1000; exit 0")
          .start();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @BeforeEach
  void awaitContainer() {
    await().until(() -> sleeper().isPresent());
  }

  @AfterEach
  void endContainer() throws InterruptedException {
    container.destroyForcibly().waitFor();
  }

  @Test
  void theFirstProcessAndItsDescendantsAreInTheTree() {
    int first = firstProcess();
    int sleeper = (int) sleeper().orElseThrow().pid();

    assertThat(node.records(Fork.class, first))
        .singleElement()
        .satisfies(fork -> assertThat(fork.inInitTree()).isTrue());
    assertThat(flags(first)).allMatch(inTree -> inTree);
    assertThat(flags(sleeper)).isNotEmpty().allMatch(inTree -> inTree);
    assertThat(flags((int) container.pid())).isNotEmpty().noneMatch(inTree -> inTree);
  }

  @Test
  void whoEntersFromOutsideIsNot() throws Exception {
    var entering =
        new ProcessBuilder(
                "nsenter",
                "--target",
                Integer.toString(firstProcess()),
                "--pid",
                "sh",
                "-c",
                "exit 0")
            .start();
    entering.waitFor();

    var children =
        node.records().stream()
            .filter(Fork.class::isInstance)
            .map(Fork.class::cast)
            .filter(fork -> fork.parent().pid() == entering.pid())
            .toList();
    assertThat(children)
        .singleElement()
        .satisfies(child -> {
          assertThat(child.inInitTree()).isFalse();
          assertThat(child.namespacePid()).isGreaterThan(1);
          assertThat(flags(child.header().process().pid()))
              .isNotEmpty()
              .noneMatch(inTree -> inTree);
        });
  }

  @Test
  void anAgentThatComesLaterFindsTheSame() throws Exception {
    try (var later = new TestNode()) {
      assertThat(later.kernel().process(firstProcess()).orElseThrow().has(Exec.IN_INIT_TREE))
          .isTrue();
      int sleeper = (int) sleeper().orElseThrow().pid();
      var told = later.kernel().process(sleeper).orElseThrow();
      assertThat(told.has(Exec.IN_INIT_TREE)).isTrue();
      assertThat(told.namespaces())
          .isEqualTo(node.kernel().process(sleeper).orElseThrow().namespaces());
      assertThat(told.namespaces().pid()).isEqualTo(inode("/proc/" + sleeper + "/ns/pid"));
      assertThat(later.kernel().process((int) container.pid()).orElseThrow().has(Exec.IN_INIT_TREE))
          .isFalse();
      assertThat(told.header().began()).isEqualTo(told.header().process().start());
    }
  }

  private static List<Boolean> flags(int pid) {
    return node.records(Exec.class, pid).stream().map(exec -> exec.has(Exec.IN_INIT_TREE)).toList();
  }

  private int firstProcess() {
    return (int) container.children().findFirst().orElseThrow().pid();
  }

  private Optional<ProcessHandle> sleeper() {
    return container
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("sleep"))
        .findFirst();
  }

  private static int inode(String namespace) throws IOException {
    return ((Long) Files.getAttribute(Path.of(namespace), "unix:ino")).intValue();
  }
}
