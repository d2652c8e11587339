package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyTotals;
import dev.skep.cluster.NeedsKernel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What an agent finds on its machine, and what one that ended in the middle left there. */
@NeedsKernel
class HostIT {
  @RegisterExtension final KernelFixture fixture = new KernelFixture();
  @TempDir Path dir;

  @Test
  void aMissingBpfFileSystemIsMounted() throws Exception {
    var above = Files.createDirectory(dir.resolve("bpf"));
    try (var kernel =
        SkepKernels.open(new KernelOptions(above.resolve("skep"), fixture.options.ringBytes()))) {
      assertThat(Shell.run("stat -f -c %T " + above).output()).isEqualTo("bpf_fs\n");
      kernel.detach();
    } finally {
      Shell.run("umount " + above);
    }
  }

  @Test
  void aFolderThatCannotHoldPinsIsRefused() throws Exception {
    Files.createFile(dir.resolve("something"));
    var options = new KernelOptions(dir.resolve("skep"), fixture.options.ringBytes());
    assertThatThrownBy(() -> SkepKernels.open(options))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining(dir + " is no bpf file system and not empty");
    assertThatThrownBy(() -> new KernelOptions(dir, 100_000))
        .hasMessageContaining("ring of 100000 bytes: must be a power of two");
  }

  @Test
  void withoutRightsTheErrorSaysSo() throws Exception {
    var java = Path.of(System.getProperty("java.home"), "bin", "java");
    var run =
        Shell.run(
            "setpriv --bounding-set -all --inh-caps -all %s -cp '%s' '%s' %s 2>&1"
                .formatted(
                    java,
                    System.getProperty("java.class.path"),
                    "dev.skep.bpf.kernel.HostIT$Opener",
                    fixture.options.folder()));
    assertThat(run.output()).contains("the agent needs CAP_SYS_ADMIN");
  }

  @Test
  void anAgentOfAnotherProcessIsNamed() throws Exception {
    var java = Path.of(System.getProperty("java.home"), "bin", "java");
    try (var _ = fixture.open()) {
      var run =
          Shell.run(
              "%s -cp '%s' '%s' %s 2>&1"
                  .formatted(
                      java,
                      System.getProperty("java.class.path"),
                      "dev.skep.bpf.kernel.HostIT$Opener",
                      fixture.options.folder()));
      assertThat(run.output()).contains("is in use by process " + ProcessHandle.current().pid());
    }
    fixture.open().close();
  }

  @Test
  void programsThatNeverBecameActiveAreRemoved() throws Exception {
    var kernel = fixture.open();
    kernel.close();
    var links = fixture.options.folder().resolve("links");
    Files.createDirectory(links.resolve("2"));
    Shell.run("mv %s/1/exec_* %s/2/".formatted(links, links));
    Files.createDirectories(fixture.options.folder().resolve("old/links"));

    try (var next = fixture.open()) {
      assertThat(Shell.run("ls " + links).output()).isEqualTo("2\n");
      assertThat(Shell.run("ls " + links.resolve("2")).output().lines())
          .anyMatch(program -> program.endsWith("_sys_enter"))
          .anyMatch(program -> program.startsWith("fork_"))
          .anyMatch(program -> program.startsWith("exec_"))
          .anyMatch(program -> program.startsWith("exit_"));
      assertThat(fixture.options.folder().resolve("old")).doesNotExist();
      long before = next.processTotals().forks();
      Shell.run("exit 0");
      assertThat(next.processTotals().forks()).isGreaterThan(before);
    }
  }

  @Test
  void whatACgroupCountedStaysInTheSumWhenItIsGone() throws Exception {
    var root = Shell.run("findmnt -n -o TARGET -t cgroup2 | head -1").output().strip();
    var cgroup = Files.createDirectory(Path.of(root, "skep-test-" + ProcessHandle.current().pid()));
    try (var kernel = fixture.open()) {
      long id = (Long) Files.getAttribute(cgroup, "unix:ino");
      Shell.run("echo $$ > %s/cgroup.procs; /bin/true; /bin/true; exit 0".formatted(cgroup));
      await().untilAsserted(() -> assertThat(kernel.processTotals(id).exits()).isGreaterThan(2));
      var counted = kernel.processTotals(id);
      assertThat(counted.execs()).isEqualTo(2);
      var folded = kernel.processTotals(Counters.FOLDED);
      Files.delete(cgroup);

      fixture.counters().foldDeadCgroups();

      assertThat(kernel.processTotals(id)).isEqualTo(PolicyTotals.NONE.processes());
      var sum = kernel.processTotals(Counters.FOLDED);
      assertThat(sum.execs()).isEqualTo(folded.execs() + 2);
      assertThat(sum.forks()).isEqualTo(folded.forks() + counted.forks());
    } finally {
      Files.deleteIfExists(cgroup);
    }
  }

  /** Opens and closes in a process of its own; says why it could not. */
  static final class Opener {
    private Opener() {}

    public static void main(String[] folder) {
      try {
        SkepKernels.open(new KernelOptions(Path.of(folder[0]), 1 << 20)).close();
      } catch (BpfException e) {
        IO.println(e.getMessage());
      }
    }
  }
}
