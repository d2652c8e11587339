package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Reading.Kind;
import dev.skep.policy.Reading.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code call: list:NAME}: one hook on many calls. */
class ListsOfCallsTest {
  @Test
  void aListOfSystemCallsIsOneHookOnAllOfThem() {
    var hook =
        Policies.acceptedHook(
            Policies.ofSpec(
                """
                lists: [{name: dups, type: syscalls, values: [sys_dup, __x64_sys_dup2, sys_dup]}]
                kprobes: [{call: "list:dups"}]
                """));

    assertThat(hook.call()).isEqualTo("list:dups");
    assertThat(hook.place()).isEqualTo(new Hook.Place.Syscalls(List.of("dup", "dup2"), false));
  }

  @Test
  void aPlainListHasWhateverTheHookSays() {
    var lists = "lists: [{name: calls, values: [sys_open, sys_openat]}]\n";

    assertThat(
            Policies.acceptedHook(Policies.ofSpec(lists + "kprobes: [{call: \"list:calls\"}]"))
                .place())
        .isEqualTo(new Hook.Place.Syscalls(List.of("open", "openat"), false));
    assertThat(
            Policies.acceptedHook(
                    Policies.ofSpec(
                        """
                        lists: [{name: calls, values: [vfs_unlink, vfs_rmdir]}]
                        kprobes:
                        - call: "list:calls"
                          syscall: false
                          ignore: {callNotFound: true}
                          args: [{index: 2, type: dentry}]
                        """))
                .place())
        .isEqualTo(new Hook.Place.Functions(List.of("vfs_unlink", "vfs_rmdir"), true));
  }

  @Test
  void systemCallsThatMayBeMissingAreTaken() {
    assertThat(
            Policies.acceptedHook(
                    Policies.ofSpec("kprobes: [{call: sys_mseal, ignore: {callNotFound: true}}]"))
                .place())
        .isEqualTo(new Hook.Place.Syscalls(List.of("mseal"), true));
  }

  @Test
  void callsOf32BitProgramsAreRefusedByName() {
    assertThat(
            Policies.refused(
                Policies.ofSpec(
                    """
                    lists: [{name: dups, type: syscalls, values: [sys_dup, i386/sys_dup2]}]
                    kprobes: [{call: "list:dups"}]
                    """)))
        .singleElement()
        .satisfies(problem -> {
          assertThat(problem.kind()).isEqualTo(Kind.UNSUPPORTED);
          assertThat(problem)
              .hasToString(
                  "spec.kprobes[0].call: not supported yet: calls other than those of 64-bit x86"
                      + " programs, such as i386/dup2");
        });
  }

  @Test
  void whatCanOnlyBeOverriddenInPartIsRefused() {
    assertThat(
            Policies.refused(
                Policies.ofSpec(
                    """
                    lists: [{name: some, values: [security_file_open, vfs_unlink]}]
                    kprobes:
                    - call: "list:some"
                      syscall: false
                      selectors: [{matchActions: [{action: Override, argError: -1}]}]
                    """)))
        .extracting(Problem::path)
        .containsExactly("spec.kprobes[0].selectors[0].matchActions[0].action");
  }
}
