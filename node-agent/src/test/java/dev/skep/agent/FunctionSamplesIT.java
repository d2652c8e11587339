package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.OnlyInVm;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The samples that sit on functions of the kernel, attacked. */
@NeedsKernel
@NeedsPolicies
@OnlyInVm("a kernel that takes kprobes and lets programs refuse what security_ functions are asked")
class FunctionSamplesIT {
  private static final int NOT_PERMITTED = 1;
  private static final int NOT_EXECUTED = 126;

  @TempDir private static Path dir = Path.of("");
  private static RunningAgent agent;

  @BeforeAll
  static void start() {
    agent =
        RunningAgent.start(
            dir,
            "--policy",
            SamplesIT.sample("file-integrity"),
            "--policy",
            SamplesIT.sample("forbid-user-namespaces"),
            "--policy",
            SamplesIT.sample("forbid-modules"),
            "--policy",
            SamplesIT.sample("shells-in-containers"),
            "--policy",
            SamplesIT.sample("forbid-binaries-from-writable-folders"));
  }

  @AfterAll
  static void stop() {
    agent.close();
  }

  @Test
  void whoWritesReplacesOrRemovesAFileOfTheSystemIsToldOf() {
    assertThat(Shell.run("echo a >/etc/skep-a && mv /etc/skep-a /etc/skep-b && rm /etc/skep-b"))
        .isZero();

    told("file-integrity", "security_file_permission", "/args/0/file_arg/path", "/etc/skep-a");
    told("file-integrity", "security_inode_rename", "/args/1/path_arg/path", "/etc/skep-b");
    told("file-integrity", "security_inode_unlink", "/args/0/path_arg/path", "/etc/skep-b");
  }

  @Test
  void whoReadsAFileOfTheSystemIsNotToldOf() {
    Shell.run("cat /etc/hostname; echo end >/etc/skep-end; rm /etc/skep-end");

    told("file-integrity", "security_inode_unlink", "/args/0/path_arg/path", "/etc/skep-end");
    assertThat(agent.events("process_kprobe"))
        .filteredOn(event -> event.at("/policy_name").asText().equals("file-integrity"))
        .noneMatch(event -> event.at("/args/0/file_arg/path").asText().equals("/etc/hostname"));
  }

  @Test
  void aUserNamespaceIsRefusedToWhoIsNotRoot() {
    assertThat(Shell.run("setpriv --reuid 65534 --clear-groups unshare --user true"))
        .isEqualTo(NOT_PERMITTED);
    assertThat(Shell.run("unshare --user true")).isZero();

    assertThat(told("forbid-user-namespaces", "security_create_user_ns", "", "").at("/action"))
        .hasToString("\"KPROBE_ACTION_OVERRIDE\"");
  }

  @Test
  void aModuleIsRefusedWhicheverWayItComes() {
    var exit = "; exit($!{EPERM} ? 77 : 0)'";

    assertThat(
            Shell.run(
                "perl -MErrno -e 'open(F, \"</etc/hostname\"); $p = \"\"; syscall(313, fileno(F),"
                    + " $p, 0)"
                    + exit))
        .isEqualTo(77);
    assertThat(
            Shell.run(
                "perl -MErrno -e '$m = \"x\" x 4096; $p = \"\"; syscall(175, $m, 4096, $p)" + exit))
        .isEqualTo(77);

    told("forbid-modules", "security_kernel_read_file", "/args/0/file_arg/path", "/etc/hostname");
    told("forbid-modules", "security_kernel_load_data", "/args/0/int_arg", "2");
  }

  @Test
  void aShellIsToldOfInANamespaceAndNotOutside() {
    assertThat(Shell.run("unshare --pid --fork dash -c true; dash -c 'true outside'")).isZero();

    var told = told("shells-in-containers", "security_bprm_check", "", "");
    assertThat(told.at("/args/0/linux_binprm_arg/path").asText()).endsWith("/dash");
    assertThat(agent.events("process_kprobe"))
        .filteredOn(event -> event.at("/policy_name").asText().equals("shells-in-containers"))
        .allMatch(event -> event.at("/process/binary").asText().endsWith("unshare"));
  }

  @Test
  void aProgramInAFolderThatEverybodyMayWriteToDoesNotBegin() throws Exception {
    var program = Path.of("/tmp/skep-program");
    Files.deleteIfExists(program);
    Files.copy(Path.of("/bin/true").toRealPath(), program);

    assertThat(Shell.run("chmod +x " + program + "; " + program)).isEqualTo(NOT_EXECUTED);
    assertThat(Shell.run("/bin/true")).isZero();

    told(
        "forbid-binaries-from-writable-folders",
        "security_bprm_check",
        "/args/0/linux_binprm_arg/path",
        program.toString());
    Files.delete(program);
  }

  /** Of a policy's event at a function, whose member has this value. */
  private static JsonNode told(String policy, String function, String member, String value) {
    return agent.awaitEvent(
        "process_kprobe",
        event ->
            event.at("/policy_name").asText().equals(policy)
                && event.at("/function_name").asText().equals(function)
                && event.at(member.isEmpty() ? "/none" : member).asText().equals(value));
  }
}
