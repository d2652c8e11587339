package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Hook.Matching;
import dev.skep.policy.Reading.Problem;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Tracepoints as policies have them, and types that are found out later. */
class TracepointTest {
  private static final String SEEK =
      """
      tracepoints:
      - subsystem: syscalls
        event: sys_enter_lseek
        message: it seeks
        tags: [seeking]
        args: [{index: 5}, {index: 7, type: uint32, label: whence}, {index: 6, type: nop}]
        selectors:
        - matchArgs: [{index: 5, operator: Equal, values: ["-1"]}]
          matchActions: [{action: Sigkill}]
      """;

  @Test
  void itsArgumentsAreFieldsByTheirIndex() {
    var hook = Policies.acceptedHook(Policies.ofSpec(SEEK));

    assertThat(hook.place()).isEqualTo(new Hook.Place.Tracepoint("syscalls", "sys_enter_lseek"));
    assertThat(hook.call()).isEqualTo("syscalls/sys_enter_lseek");
    assertThat(hook.path()).isEqualTo("spec.tracepoints[0]");
    assertThat(hook.arguments())
        .containsExactly(
            new Hook.Argument(5, ArgumentType.AUTO, OptionalInt.empty(), null),
            new Hook.Argument(7, ArgumentType.UINT32, OptionalInt.empty(), "whence"));
    assertThat(hook.message()).isEqualTo("it seeks");
    assertThat(hook.selectors().getFirst().action().signal()).isEqualTo(9);
  }

  @Test
  void onceTheTypeIsFoundOutTheValuesAreReadAsIt() {
    var hook = Policies.acceptedHook(Policies.ofSpec(SEEK));

    var typing = LateTyping.of(hook, Map.of(0, dev.skep.policy.ast.ArgumentType.INT32));

    assertThat(typing.problems()).isEmpty();
    assertThat(typing.hook().arguments())
        .extracting(Hook.Argument::type)
        .containsExactly(ArgumentType.INT, ArgumentType.UINT32);
    assertThat(typing.hook().selectors().getFirst().arguments())
        .containsExactly(new Hook.ArgumentFilter(0, false, new Matching.OneOf(Set.of(-1L))));
    assertThat(typing.hook().selectors().getFirst().action())
        .isEqualTo(hook.selectors().getFirst().action());
  }

  @Test
  void whatDoesNotFitTheTypeThatIsFoundIsRefusedWithItsPlace() {
    var hook = Policies.acceptedHook(Policies.ofSpec(SEEK));

    assertThat(LateTyping.of(hook, Map.of(0, dev.skep.policy.ast.ArgumentType.UINT32)).problems())
        .extracting(Problem::toString)
        .singleElement()
        .asString()
        .startsWith(
            "spec.tracepoints[0].selectors[0].matchArgs[0].values[0]: is \"-1\", must be a number"
                + " from 0 to 4294967295");
  }

  @Test
  void whatNoRecordHasIsRefused() {
    assertThat(
            Policies.refused(
                Policies.ofSpec(
                    """
                    tracepoints:
                    - {subsystem: sched, event: sched_switch, raw: true, args: [{index: 0, type: data_loc}]}
                    - {subsystem: sched, event: sched_switch, args: [{index: 4, type: file}]}
                    kprobes:
                    - {call: sys_write, args: [{index: 0, type: syscall64}]}
                    """)))
        .extracting(Problem::toString)
        .containsExactlyInAnyOrder(
            "spec.kprobes[0].args[0].type: is syscall64, a field of a tracepoint; a call is"
                + " given numbers and pointers, such as string",
            "spec.tracepoints[0].args[0].type: is data_loc, a field of a tracepoint; a call is given"
                + " numbers and pointers, such as string",
            "spec.tracepoints[1].args[0].type: is file, a structure of the kernel, but the fields"
                + " of a tracepoint are numbers, texts and buffers; hook a function of the kernel"
                + " that is given it");
  }

  @Test
  void systemCallsAreKnownByNumberByNameAndByList() {
    var hook =
        Policies.acceptedHook(
            Policies.ofSpec(
                """
                lists: [{name: dups, type: syscalls, values: [sys_dup, __ia32_sys_dup2]}]
                tracepoints:
                - subsystem: raw_syscalls
                  event: sys_enter
                  args: [{index: 4, type: syscall64}, {index: 5}]
                  selectors:
                  - matchArgs: [{index: 4, operator: InMap, values: ["list:dups", sys_dup3, "7"]}]
                  - matchArgs: [{index: 4, operator: Equal, values: [sys_write, i386/sys_write]}]
                """));

    assertThat(hook.selectors())
        .extracting(selector -> selector.arguments().getFirst().matching())
        .containsExactly(
            new Matching.OneOf(Set.of(32L, 0x8000_003fL, 292L, 7L)),
            new Matching.OneOf(Set.of(1L, 0x8000_0004L)));
  }
}
