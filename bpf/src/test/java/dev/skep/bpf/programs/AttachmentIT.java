package dev.skep.bpf.programs;

import static dev.skep.bpf.programs.Witness.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord.Credentials;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.ProcessHooks.Attachment;
import dev.skep.bpf.kernel.ProcessOptions;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.OnlyInVm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever sees the life of processes, it tells the same. */
@NeedsKernel
@OnlyInVm("a kernel that takes fentry and kprobe programs")
class AttachmentIT {
  private static final int SETUID = 04000;
  private static final int USER = 1234;
  private static final int RAISED =
      Exec.RAISED_BY_SETUID
          | Exec.RAISED_BY_SETGID
          | Exec.RAISED_BY_FILE_CAPABILITIES
          | Exec.UNKNOWN_CHANGE;

  /** There a kprobe cannot stay when its agent ends: such links have no pins. */
  private static final boolean BEFORE_5_15 =
      System.getProperty("os.version", "").matches("5\\.1[0-4]\\..*");

  /** There an exec is seen by its tracepoint alone. */
  private static final boolean BEFORE_5_17 =
      System.getProperty("os.version", "").matches("5\\.1[0-6]\\..*");

  /** All that can happen to a process, near enough. */
  private static final Object[] LIVES = {
    "subreaper",
    "fork",
    "exec",
    "end",
    3,
    ".",
    "vfork",
    "exec",
    "thread-exec",
    "end",
    4,
    ".",
    "clone3",
    "idle-threads",
    5,
    "thread-end",
    5,
    ".",
    "fork",
    "clone-parent",
    "exec",
    "end",
    6,
    ".",
    "end",
    7,
    ".",
    "fork",
    "detach",
    "exec",
    "end",
    8,
    ".",
    "end",
    9,
    ".",
    "thread-fork",
    "leader-leaves",
    1,
    2,
    ".",
    "fork",
    "idle-threads",
    20,
    "raise",
    9,
    ".",
    "fork",
    "try",
    "/nowhere",
    "raise",
    11,
    ".",
    "fork",
    "unshare-pid",
    "fork",
    "exec",
    "fork",
    "end",
    0,
    ".",
    "end",
    0,
    ".",
    "end",
    0,
    ".",
    "fork",
    "end",
    10,
    "."
  };

  /** Told of one exec, without what differs between any two runs. */
  private record Program(
      int flags,
      int setuid,
      String path,
      String folder,
      String arguments,
      Credentials credentials,
      Namespaces namespaces) {}

  private record Told(List<String> lives, List<Program> programs) {}

  @Test
  void allWaysOfAttachmentTellTheSame(@TempDir Path folder) throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    var program = Files.copy(Witness.PROGRAM, folder.toRealPath().resolve("witness"));
    Files.setAttribute(program, "unix:mode", SETUID | 0755);

    var byFentry = told(Attachment.FENTRY, program);
    var byTracepoint = told(Attachment.TRACEPOINT, program);

    if (!BEFORE_5_15) {
      assertThat(told(Attachment.KPROBE, program)).isEqualTo(byFentry);
    }
    if (byTracepoint.programs().getFirst().flags() < Exec.UNKNOWN_CHANGE) {
      assertThat(byTracepoint).isEqualTo(byFentry);
    } else { // before 6.10 no tracepoint tells of credentials that change
      assertThat(byTracepoint.lives()).isEqualTo(byFentry.lives());
      assertThat(byTracepoint.programs())
          .map(AttachmentIT::withoutChange)
          .isEqualTo(byFentry.programs().stream().map(AttachmentIT::withoutChange).toList());
    }
  }

  private static Told told(Attachment attachment, Path program) throws Exception {
    var defaults = ProcessOptions.defaults();
    var options =
        new ProcessOptions(
            defaults.mapEntries(), defaults.argumentBytes(), 0, false, null, attachment);
    try (var node = new TestNode(32 << 20, options)) {
      var hooks = node.kernel().processHooks();
      assertThat(List.of(hooks.fork(), hooks.exit())).containsOnly(attachment);
      boolean byKprobe = attachment == Attachment.KPROBE && !BEFORE_5_17;
      assertThat(hooks.exec()).isEqualTo(byKprobe ? Attachment.KPROBE : Attachment.TRACEPOINT);
      assertThat(hooks.credentials()).isIn(attachment, Attachment.NONE);
      var family = Family.live(LIVES);
      family.isTold(node);
      var raised = Witness.called("become", USER, USER, "run", program, "x");
      var plain = Witness.called("folder", "/tmp", "run", program, "x", "y");
      raised.agrees(raised.told(node));
      plain.agrees(plain.told(node));
      assertThat(node.kernel().drops()).allSatisfy((cause, lost) -> assertThat(lost).isZero());
      return new Told(
          numbered(family), List.of(program(raised.told(node)), program(plain.told(node))));
    }
  }

  /** Ids in the order in which they were given. */
  private static List<String> numbered(Family family) {
    var pids = family.ledger().keySet().stream().toList();
    return family.lines().stream()
        .map(line -> {
          var words = line.split(" ", -1);
          words[1] = Integer.toString(pids.indexOf(Integer.valueOf(words[1])));
          return words[0].equals("fork") ? words[0] + words[1] : String.join(" ", words);
        })
        .toList();
  }

  private static Program program(Exec exec) {
    return new Program(
        exec.flags(),
        exec.executable().setuid(),
        text(exec.path()),
        text(exec.cwd()),
        text(exec.arguments()),
        exec.credentials(),
        exec.namespaces());
  }

  private static Program withoutChange(Program told) {
    return new Program(
        told.flags() & ~RAISED,
        -1,
        told.path(),
        told.folder(),
        told.arguments(),
        told.credentials(),
        told.namespaces());
  }
}
