package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Which calls have acted when the signal that was sent as they began ends their process: what
 * security-functions.txt of the policy language calls late, and warns of.
 */
@NeedsKernel
@NeedsPolicies
class SignalTimingIT {
  private static final int WRITE = 1;
  private static final int EXECVE = 59;
  private static final int TRUNCATE = 76;
  private static final int RENAME = 82;
  private static final int MKDIR = 83;
  private static final int RMDIR = 84;
  private static final int LINK = 86;
  private static final int UNLINK = 87;
  private static final int SYMLINK = 88;
  private static final int CHMOD = 90;
  private static final int OPENAT = 257;
  private static final int SIGKILL = 9;

  @TempDir private Path folder = Path.of("");
  private TestNode node;

  @BeforeEach
  void load() throws BpfException, IOException {
    folder = folder.toRealPath();
    node = new TestNode();
  }

  @AfterEach
  void unload() throws BpfException {
    node.close();
  }

  @Test
  void filesAreMadeAndRemovedByAProcessThatIsKilledForIt() throws Exception {
    var file = Files.writeString(folder.resolve("file"), "text");

    kill(OPENAT, 1, "open", folder.resolve("opened"));
    kill(MKDIR, 0, "mkdir", folder.resolve("folder"));
    kill(LINK, 1, "link", file, folder.resolve("hard"));
    kill(SYMLINK, 1, "symlink", file, folder.resolve("soft"));
    kill(RENAME, 0, "rename", folder.resolve("hard"), folder.resolve("renamed"));

    assertThat(folder.resolve("opened")).isRegularFile();
    assertThat(folder.resolve("folder")).isDirectory();
    assertThat(folder.resolve("soft")).isSymbolicLink();
    assertThat(folder.resolve("renamed")).isRegularFile();

    kill(UNLINK, 0, "unlink", folder.resolve("renamed"));
    kill(RMDIR, 0, "rmdir", folder.resolve("folder"));

    assertThat(Files.exists(folder.resolve("renamed"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(Files.exists(folder.resolve("folder"))).isFalse();
  }

  @Test
  void filesAreChangedByAProcessThatIsKilledForIt() throws Exception {
    var file = Files.writeString(folder.resolve("file"), "text");

    kill(CHMOD, 0, "chmod", file, "0100");
    kill(TRUNCATE, 0, "truncate", file, "1");

    assertThat(Files.getPosixFilePermissions(file)).hasSize(1);
    assertThat(file).hasSize(1);
  }

  @Test
  void aPipeGetsWhatAProcessThatIsKilledForItWrites() throws Exception {
    var pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    enforce(WRITE, ArgumentKind.FD, 0);
    // Opened for both, so that the writer waits for no reader and what it wrote stays.
    try (var both =
        Files.newByteChannel(pipe, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE))) {
      assertThat(Trigger.run("open", pipe, "write", "late").code()).isEqualTo(128 + SIGKILL);

      var read = ByteBuffer.allocate(16);
      assertThat(both.read(read)).isEqualTo("late".length());
    }
  }

  @Test
  void aFileDoesNotGetWhatAProcessThatIsKilledForItWrites() throws Exception {
    var file = Files.writeString(folder.resolve("file"), "kept");
    enforce(WRITE, ArgumentKind.FD, 0);

    assertThat(Trigger.run("open", file, "write", "lost").code()).isEqualTo(128 + SIGKILL);
    assertThat(file).hasContent("kept");
  }

  @Test
  void aProgramDoesNotBeginInAProcessThatIsKilledForIt() throws Exception {
    var program = Files.copy(Trigger.PROGRAM, folder.resolve("program"));
    enforce(EXECVE, ArgumentKind.STRING, 0);

    var ran = Trigger.run("exec", program);

    assertThat(ran.code()).isEqualTo(128 + SIGKILL);
    assertThat(ran.answers()).isEmpty();
  }

  private void kill(int call, int path, Object... words) throws BpfException {
    enforce(call, ArgumentKind.STRING, path);
    assertThat(Trigger.run(words).code()).as("%s", words[0]).isEqualTo(128 + SIGKILL);
    node.kernel().remove("kill");
  }

  /** Whoever calls it with a path of this test's folder is killed. */
  private void enforce(int call, ArgumentKind kind, int path) throws BpfException {
    var here = new ArgumentFilter(0, false, new Matching.TextPrefix(Set.of(folder + "/")));
    node.enforce(
        "kill",
        TestNode.hook(
            call,
            List.of(new ArgumentPlan(kind, path, 0)),
            new SelectorPlan(List.of(), List.of(here), true, SIGKILL)));
  }
}
