package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WarningsTest {
  private static final String KILL = "matchActions: [{action: Sigkill}]";
  private static final String REFUSE = "matchActions: [{action: Override, argError: -1}]";

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "openat, security_file_open (LSM hook file_open), file",
    "execve, security_bprm_check (LSM hook bprm_check_security), linux_binprm",
    "unlinkat, security_inode_unlink (LSM hook inode_unlink), dentry",
    "rename, security_inode_rename (LSM hook inode_rename), dentry",
    "mkdir, security_inode_mkdir (LSM hook inode_mkdir), dentry",
    "mount, security_sb_mount (LSM hook sb_mount), path",
    "connect, security_socket_connect (LSM hook socket_connect), socket"
  })
  void whoeverDecidesOnTheCallersMemoryIsToldWhereToDecide(
      String call, String function, String type) {
    var warnings =
        warnings(
            kprobe(
                "sys_" + call,
                "string",
                "{matchArgs: [{index: 0, operator: Prefix, values: [/tmp/]}], " + KILL + "}"));

    assertThat(warnings.getFirst())
        .startsWith(
            "spec.kprobes[0].selectors[0].matchArgs[0]: decides on what the process can change")
        .contains("hook " + function + " instead, whose argument of type " + type);
  }

  @Test
  void whoeverOnlyTellsIsNotWarned() {
    assertThat(
            warnings(
                kprobe(
                    "sys_openat",
                    "string",
                    "{matchArgs: [{index: 0, operator: Prefix, values: [/tmp/]}]}")))
        .isEmpty();
  }

  @Test
  void whoeverDecidesByNumbersIsNotWarnedOfMemory() {
    assertThat(
            warnings(
                kprobe(
                    "sys_setuid",
                    "int",
                    "{matchArgs: [{index: 0, operator: Equal, values: ['0']}], " + KILL + "}")))
        .isEmpty();
  }

  @Test
  void anExceptionByTheCallersMemoryDecidesToo() {
    var allowed = "{matchArgs: [{index: 0, operator: Prefix, values: [/tmp/]}]}";

    assertThat(warnings(kprobe("sys_chroot", "string", allowed + ", {" + KILL + "}")))
        .singleElement()
        .asString()
        .startsWith("spec.kprobes[0].selectors[0].matchArgs[0]: ");
    assertThat(warnings(kprobe("sys_chroot", "string", "{" + KILL + "}, " + allowed))).isEmpty();
  }

  @Test
  void aDescriptorIsTheCallersTooForItsThreadsCanMakeItAnother() {
    var selector = "{matchArgs: [{index: 0, operator: Equal, values: [/etc/passwd]}], " + KILL;

    assertThat(warnings(kprobe("sys_write", "fd", selector + "}")))
        .satisfiesExactly(
            memory -> assertThat(memory).contains("which file a descriptor means"),
            signal ->
                assertThat(signal)
                    .isEqualTo(
                        "spec.kprobes[0].selectors[0].matchActions[0].action: is sent when write"
                            + " begins, and ends the process, but the call may have acted by then"
                            + " (on pipes, sockets and with direct I/O); to prevent it, use"
                            + " Override on security_file_permission (LSM hook file_permission)"));
  }

  @ParameterizedTest
  @CsvSource({"sendto, security_socket_sendmsg", "unlink, security_inode_unlink"})
  void aSignalAloneComesLateToWhatReachesBeyondTheProcess(String call, String function) {
    assertThat(warnings(kprobe("sys_" + call, "nop", "{" + KILL + "}")))
        .singleElement()
        .asString()
        .startsWith("spec.kprobes[0].selectors[0].matchActions[0].action: is sent when " + call)
        .contains("use Override on " + function);
  }

  @Test
  void aSignalAloneIsEnoughForAProgramThatIsNotToBegin() {
    assertThat(warnings(kprobe("sys_execve", "nop", "{" + KILL + "}"))).isEmpty();
  }

  @Test
  void aSignalAloneAtAFunctionThatCanBeOverriddenIsToldSo() {
    var hook = "kprobes: [{call: security_inode_unlink, syscall: false, selectors: [{%s}]}]";

    assertThat(warnings(hook.formatted(KILL)))
        .singleElement()
        .asString()
        .endsWith("add {action: Override, argError: -1}");
    assertThat(warnings(hook.formatted(REFUSE))).isEmpty();
    assertThat(warnings(hook.formatted(REFUSE.replace("[{", "[{action: Sigkill}, {")))).isEmpty();
  }

  @Test
  void whoeverAsksToEnforceAndHasNothingToIsTold() {
    var nothing = kprobe("sys_write", "nop", "{}");

    assertThat(warnings("mode: enforce\n" + nothing))
        .singleElement()
        .asString()
        .startsWith("spec.mode: is enforce, but no selector has an action that enforces");
    assertThat(warnings("options: [{name: policy-mode, value: enforce}]\n" + nothing))
        .singleElement()
        .asString()
        .startsWith("spec.options[0].value: is enforce, but");
    assertThat(warnings("mode: monitor\n" + nothing)).isEmpty();
    assertThat(warnings(nothing)).isEmpty();
  }

  @Test
  void everyCallOfTheTableIsOneAndEveryTypeIsOfTheLanguage() {
    for (var call : SecurityFunction.calls()) {
      assertThat(Syscalls.number(call)).as(call).isPresent();
      var type = SecurityFunction.of(call).orElseThrow().argument();
      assertThat(type.isEmpty() || dev.skep.policy.ast.ArgumentType.of(type).isPresent())
          .as(type)
          .isTrue();
    }
  }

  private static String kprobe(String call, String type, String selectors) {
    return "kprobes: [{call: %s, args: [{index: 0, type: %s}], selectors: [%s]}]\n"
        .formatted(call, type, selectors);
  }

  private static List<String> warnings(String spec) {
    return Warnings.of(Trees.understood(Policies.ofSpec(spec))).stream()
        .map(Warning::toString)
        .toList();
  }
}
