package dev.skep.bpf.programs;

import static dev.skep.bpf.KernelRecord.Exec.RAISED_BY_FILE_CAPABILITIES;
import static dev.skep.bpf.KernelRecord.Exec.RAISED_BY_SETGID;
import static dev.skep.bpf.KernelRecord.Exec.RAISED_BY_SETUID;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Credentials;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.ProcessHooks.Attachment;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a program may do is told as procfs has it, and what of it its file gave it. */
@NeedsKernel
class CredentialsIT {
  private static final int USER = 1234;
  private static final int GROUP = 2345;
  private static final int OTHER = 3456;
  private static final int SETUID = 04000;
  private static final int SETGID = 02000;
  private static final int SYS_TIME = 25; // a capability

  @AutoClose private static TestNode node;

  private Path folder;
  private Path program;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  /** Not below a home that others may not enter, nor where such bits may count for nothing. */
  @BeforeEach
  void copyTheWitness() throws IOException {
    folder = Files.createTempDirectory(Path.of("/var/tmp"), "skep-credentials");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    program = Files.copy(Witness.PROGRAM, folder.toRealPath().resolve("witness"));
  }

  @AfterEach
  void removeTheCopies() throws Exception {
    Tool.run("rm", "-r", folder);
  }

  @Test
  void whoIsNobodySpecialIsToldSo() {
    var exec = Witness.called("become", USER, GROUP, "run", program, "x").isTold(node);

    assertThat(exec.credentials().fsuid()).isEqualTo(USER);
    assertThat(exec.credentials().egid()).isEqualTo(GROUP);
    assertThat(exec.credentials().permitted()).isZero();
  }

  @Test
  void aSetuidProgramOfRootRaises() throws Exception {
    give("unix:uid", 0, SETUID);

    var witness = Witness.called("become", USER, GROUP, "run", program, "x");

    assertThat(witness.credentials().euid()).isZero();
    told(witness, RAISED_BY_SETUID, 0, -1);
  }

  @Test
  void aSetuidProgramOfAnotherUserGivesHisRightsAndRaisesNothing() throws Exception {
    give("unix:uid", OTHER, SETUID);

    var witness = Witness.called("become", USER, GROUP, "run", program, "x");

    assertThat(witness.credentials().euid()).isEqualTo(OTHER);
    assertThat(witness.credentials().uid()).isEqualTo(USER);
    told(witness, 0, OTHER, -1);
  }

  @Test
  void aSetgidProgramIsToldWithItsGroup() throws Exception {
    give("unix:gid", OTHER, SETGID);
    told(Witness.called("become", USER, GROUP, "run", program, "x"), 0, -1, OTHER);

    give("unix:gid", 0, SETGID);
    told(Witness.called("become", USER, GROUP, "run", program, "x"), RAISED_BY_SETGID, -1, 0);
  }

  @Test
  void bothBitsTogetherAreBothTold() throws Exception {
    give("unix:gid", 0, SETUID | SETGID);

    var witness = Witness.called("become", USER, GROUP, "run", program, "x");

    told(witness, RAISED_BY_SETUID | RAISED_BY_SETGID, 0, 0);
  }

  @Test
  void rootGainsNothingBySetuid() throws Exception {
    give("unix:uid", 0, SETUID);

    told(Witness.called("run", program, "x"), 0, -1, -1);
  }

  @Test
  void capabilitiesOfTheFileRaise() throws Exception {
    Tool.run("setcap", "cap_sys_time+ep", program);

    var witness = Witness.called("become", USER, GROUP, "run", program, "x");

    assertThat(witness.credentials().effective()).isEqualTo(1L << SYS_TIME);
    told(witness, RAISED_BY_FILE_CAPABILITIES, -1, -1);
    told(Witness.called("run", program, "x"), 0, -1, -1);
  }

  @Test
  void rootGetsBackWhatItGaveAwayAndNotByTheFile() {
    told(Witness.called("keep-out", SYS_TIME, "run", program, "x"), 0, -1, -1);
    told(Witness.called("give-up-all", "run", program, "x"), 0, -1, -1);
  }

  @Test
  void whoMayGainNothingGainsNothing() throws Exception {
    give("unix:uid", 0, SETUID);

    var witness = Witness.called("become", USER, GROUP, "no-more-rights", "run", program, "x");

    assertThat(witness.credentials().euid()).isEqualTo(USER);
    told(witness, 0, -1, -1);
  }

  @Test
  void theBitsOfAScriptCountForNothing() throws Exception {
    var script = Files.writeString(program.resolveSibling("script"), "#!" + program + "\n");
    Files.setAttribute(script, "unix:mode", SETUID | 0755);

    told(Witness.called("become", USER, GROUP, "run", script, "x"), 0, -1, -1);
  }

  @Test
  void afterAGainTheNextProgramHasGainedNothing() throws Exception {
    var again = Files.copy(program, program.resolveSibling("again"));
    give("unix:uid", 0, SETUID);

    var raised = Witness.called("become", USER, GROUP, "run", program, "x");
    var next = Witness.called("become", USER, GROUP, "run", again, "x");

    told(raised, RAISED_BY_SETUID, 0, -1);
    told(next, 0, -1, -1);
  }

  @Test
  void rootOfAUserNamespaceGainsNothing() {
    var witness =
        Witness.called("become", USER, GROUP, "own-users", "be-root", "run", program, "x");
    var exec = witness.told(node);

    assertThat(witness.credentials().euid()).as("inside").isZero();
    assertThat(exec.credentials().euid()).as("outside").isEqualTo(USER);
    assertThat(exec.credentials().permitted()).isEqualTo(witness.credentials().permitted());
    assertThat(exec.credentials().userOwner()).isEqualTo(USER);
    assertThat(exec.flags() & ~Exec.ROOT_CWD).as("flags").isZero();
  }

  @Test
  void inAUserNamespaceIdsAreThoseOutside() {
    var witness = Witness.called("become", USER, GROUP, "own-users", "run", program, "x");
    var exec = witness.told(node);

    assertThat(exec.credentials())
        .isEqualTo(
            new Credentials(
                USER, GROUP, USER, GROUP, USER, GROUP, USER, GROUP, 0, 0, 0, 0, 1, USER, GROUP));
    assertThat(exec.namespaces()).isEqualTo(witness.namespaces());
    assertThat(exec.header().uid()).isEqualTo(USER);
  }

  private static void told(Witness witness, int flags, int setuid, int setgid) {
    var exec = witness.told(node);
    witness.agrees(exec);
    boolean seen = node.kernel().processHooks().credentials() != Attachment.NONE;
    assertThat(exec.flags() & ~Exec.ROOT_CWD)
        .as("flags")
        .isEqualTo(seen ? flags : Exec.UNKNOWN_CHANGE);
    assertThat(exec.executable())
        .isEqualTo(witness.executable(seen ? setuid : -1, seen ? setgid : -1));
  }

  private void give(String what, int whom, int bits) throws IOException {
    Files.setAttribute(program, what, whom); // takes the bits away
    Files.setAttribute(program, "unix:mode", bits | 0755);
  }
}
