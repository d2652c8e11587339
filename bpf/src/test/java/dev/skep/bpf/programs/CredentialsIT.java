package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Credentials;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.ProcessHooks.Attachment;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an exec says of rights is what procfs says to the program itself. */
@NeedsKernel
class CredentialsIT {
  private static final Path PROGRAM = Ran.compiled("credentials", "-static");
  private static final int RAISED =
      Exec.RAISED_BY_FILE_CAPABILITIES | Exec.RAISED_BY_SETUID | Exec.RAISED_BY_SETGID;
  private static final long NET_RAW = 1 << 13;
  private static final int SOMEBODY = 12_345;

  private static TestNode node;

  /** Not below a home that others may not enter, nor where set-id bits are ignored. */
  private static final Path COPY =
      Path.of("/var/tmp/skep-credentials-" + ProcessHandle.current().pid());

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @AfterAll
  static void unload() throws Exception {
    node.close();
    Files.deleteIfExists(COPY);
  }

  @BeforeEach
  void copyProgram() throws IOException {
    Files.copy(PROGRAM, COPY, StandardCopyOption.REPLACE_EXISTING);
    assertThat(COPY.toFile().setReadable(true, false)).isTrue();
    assertThat(COPY.toFile().setExecutable(true, false)).isTrue();
  }

  @Test
  void rightsAndNamespacesAreThoseThatProcfsShows() {
    var told = tellsAsProcfs(List.of());

    assertThat(told.credentials().userLevel()).isZero();
    assertRaised(told, 0, -1, -1);
  }

  @Test
  void aSetuidProgramOfRootRaises() throws Exception {
    Tool.run("chmod", "4755", COPY);

    var told = tellsAsProcfs(as(SOMEBODY));

    assertThat(told.credentials().uid()).isEqualTo(SOMEBODY);
    assertThat(told.credentials().euid()).isZero();
    assertRaised(told, Exec.RAISED_BY_SETUID, 0, -1);
  }

  @Test
  void aSetuidProgramOfAnotherUserChangesAndRaisesNothing() throws Exception {
    Tool.run("chown", "54321", COPY);
    Tool.run("chmod", "4755", COPY);

    var told = tellsAsProcfs(as(SOMEBODY));

    assertThat(told.credentials().euid()).isEqualTo(54_321);
    assertRaised(told, 0, 54_321, -1);
  }

  @Test
  void aSetgidProgramOfRootRaises() throws Exception {
    Tool.run("chmod", "2755", COPY);

    var told = tellsAsProcfs(as(SOMEBODY));

    assertThat(told.credentials().gid()).isEqualTo(SOMEBODY);
    assertThat(told.credentials().egid()).isZero();
    assertRaised(told, Exec.RAISED_BY_SETGID, -1, 0);
  }

  @Test
  void fileCapabilitiesRaise() throws Exception {
    Tool.run("setcap", "cap_net_raw+ep", COPY);

    var told = tellsAsProcfs(as(SOMEBODY));

    assertThat(told.credentials().permitted()).isEqualTo(NET_RAW);
    assertRaised(told, Exec.RAISED_BY_FILE_CAPABILITIES, -1, -1);
  }

  @Test
  void rootGainsWhatItGaveAwayButNotByTheFile() {
    var told = tellsAsProcfs(List.of("setpriv", "--inh-caps=-all", "--bounding-set=-net_raw"));

    assertThat(told.credentials().permitted() & NET_RAW).isZero();
    assertRaised(told, 0, -1, -1);
  }

  @Test
  void whoWantsNoNewPrivilegesGetsNone() throws Exception {
    Tool.run("chmod", "6755", COPY);

    var told =
        tellsAsProcfs(
            List.of(
                "setpriv",
                "--reuid=" + SOMEBODY,
                "--regid=" + SOMEBODY,
                "--clear-groups",
                "--no-new-privs"));

    assertThat(told.credentials().euid()).isEqualTo(SOMEBODY);
    assertRaised(told, 0, -1, -1);
  }

  @Test
  void aUserNamespaceIsToldWithWhoMadeIt() {
    var outcome = run(List.of("unshare", "--user", "--map-root-user"));
    var told = node.records(Exec.class, outcome.pid()).getLast();

    assertThat(told.credentials().userLevel()).isEqualTo(1);
    assertThat(told.credentials().userOwner()).isZero();
    assertThat(told.namespaces()).isEqualTo(namespaces(outcome));
    assertRaised(told, 0, -1, -1);
  }

  @Test
  void theFileIsToldAsStatShowsIt() throws Exception {
    var told = tellsAsProcfs(List.of());

    var stat = Tool.output("stat", "-c", "%d %i", COPY).strip();
    assertThat(told.executable().device() + " " + told.executable().inode()).isEqualTo(stat);
    assertThat(told.executable().links()).isEqualTo(1);
  }

  private static List<String> as(int user) {
    // setpriv would keep the permitted capabilities up to the exec.
    return List.of("chroot", "--groups=", "--userspec=" + user + ":" + user, "/");
  }

  private static void assertRaised(Exec told, int flags, int setuid, int setgid) {
    if (node.kernel().processHooks().credentials() == Attachment.NONE) {
      assertThat(told.has(Exec.UNKNOWN_CHANGE)).isTrue();
      return;
    }
    assertThat(told.has(Exec.UNKNOWN_CHANGE)).isFalse();
    assertThat(told.flags() & RAISED).isEqualTo(flags);
    assertThat(told.executable().setuid()).isEqualTo(setuid);
    assertThat(told.executable().setgid()).isEqualTo(setgid);
  }

  private static Exec tellsAsProcfs(List<String> before) {
    var outcome = run(before);
    var told = node.records(Exec.class, outcome.pid()).getLast();
    assertThat(told.credentials()).isEqualTo(credentials(outcome, told.credentials()));
    assertThat(told.namespaces()).isEqualTo(namespaces(outcome));
    return told;
  }

  private static Ran run(List<String> before) {
    var command = new ArrayList<>(before);
    command.add(COPY.toString());
    return Ran.run(
        Path.of("/"), Path.of(command.getFirst()), command.subList(1, command.size()).toArray());
  }

  /** What procfs does not show is as told. */
  private static Credentials credentials(Ran ran, Credentials told) {
    var users = numbers(ran, "Uid:", 10);
    var groups = numbers(ran, "Gid:", 10);
    return new Credentials(
        (int) users[0],
        (int) groups[0],
        (int) users[1],
        (int) groups[1],
        (int) users[2],
        (int) groups[2],
        (int) users[3],
        (int) groups[3],
        told.secureBits(),
        numbers(ran, "CapPrm:", 16)[0],
        numbers(ran, "CapEff:", 16)[0],
        numbers(ran, "CapInh:", 16)[0],
        told.userLevel(),
        told.userOwner(),
        told.userGroup());
  }

  private static Namespaces namespaces(Ran ran) {
    var inodes =
        Arrays.stream(numbers(ran, "namespaces:", 10)).mapToInt(inode -> (int) inode).toArray();
    return new Namespaces(
        inodes[0], inodes[1], inodes[2], inodes[3], inodes[4], inodes[5], inodes[6], inodes[7],
        inodes[8], inodes[9]);
  }

  private static long[] numbers(Ran ran, String field, int radix) {
    var line = ran.lines().stream().filter(found -> found.startsWith(field)).findFirst();
    assertThat(line).as("%s of %s", field, ran).isPresent();
    var words = line.orElseThrow().substring(field.length()).strip().split("\t", -1);
    return Arrays.stream(words).mapToLong(word -> Long.parseUnsignedLong(word, radix)).toArray();
  }
}
