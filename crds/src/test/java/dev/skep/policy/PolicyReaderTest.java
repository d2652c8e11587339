package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Hook.Action;
import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Hook.Matching;
import dev.skep.policy.Reading.Kind;
import dev.skep.policy.Reading.Problem;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PolicyReaderTest {
  @Test
  void aWholePolicyBecomesItsTree() {
    var policy =
        accepted(
            """
            apiVersion: skep.dev/v1alpha1
            kind: TracingPolicy
            metadata: {name: protect, uid: 6b2f0c1e-0000-4000-8000-000000000001, generation: 7}
            spec:
              mode: monitor
              nodeSelector: {matchLabels: {pool: edge}, matchExpressions: [{key: spot, operator: DoesNotExist}]}
              kprobes:
              - call: __x64_sys_write
                return: true
                message: a write to the ledger
                tags: [files, ledger]
                args:
                - {index: 0, type: fd, label: file}
                - {index: 1, type: char_buf, sizeArgIndex: 3}
                - {index: 2, type: size_t}
                returnArg: {index: 0, type: long}
                selectors:
                - label: guard
                  matchPIDs:
                  - {operator: NotIn, followForks: true, isNamespacePID: true, values: [0, 1]}
                  matchBinaries:
                  - {operator: NotIn, values: [/usr/bin/ledger]}
                  matchArgs:
                  - {index: 0, operator: NotPrefix, values: [/tmp/, /var/tmp/]}
                  - {index: 2, operator: GT, values: ["0x10"]}
                  matchActions: [{action: Sigkill}, {action: NoPost}]
                - {}
            """);

    assertThat(policy.name()).isEqualTo("protect");
    assertThat(policy.uid()).isEqualTo("6b2f0c1e-0000-4000-8000-000000000001");
    assertThat(policy.generation()).isEqualTo(7);
    assertThat(policy.mode()).isEqualTo(Policy.Mode.MONITOR);
    assertThat(policy.nodeSelector().requirements()).hasSize(2);
    var hook = (Hook.Syscall) policy.hooks().getFirst();
    assertThat(hook.call()).isEqualTo("__x64_sys_write");
    assertThat(hook.syscall()).isEqualTo("write");
    assertThat(hook.message()).isEqualTo("a write to the ledger");
    assertThat(hook.tags()).containsExactly("files", "ledger");
    assertThat(hook.arguments())
        .extracting(Hook.Argument::type)
        .containsExactly(ArgumentType.FD, ArgumentType.CHAR_BUF, ArgumentType.SIZE);
    assertThat(hook.arguments().get(1).sizeIndex()).hasValue(2);
    assertThat(hook.returned())
        .isNotNull()
        .extracting(Hook.Argument::type)
        .isEqualTo(ArgumentType.LONG);
    assertThat(hook.selectors()).hasSize(2);
    var guard = hook.selectors().getFirst();
    assertThat(guard.label()).isEqualTo("guard");
    assertThat(guard.pids()).containsExactly(new Hook.PidFilter(true, true, true, Set.of(0, 1)));
    assertThat(guard.binaries())
        .containsExactly(new Hook.BinaryFilter(true, Set.of("/usr/bin/ledger")));
    assertThat(guard.arguments())
        .containsExactly(
            new Hook.ArgumentFilter(0, true, new Matching.TextPrefix(Set.of("/tmp/", "/var/tmp/"))),
            new Hook.ArgumentFilter(2, false, new Matching.GreaterThan(16)));
    assertThat(guard.action()).isEqualTo(new Action(false, 9));
    assertThat(hook.selectors().get(1).action()).isEqualTo(Action.POST);
  }

  @Test
  void everythingWrongIsToldAtOnceAndInTheOrderOfTheFile() {
    var problems =
        refused(
            """
            apiVersion: cilium.io/v1alpha1
            kind: TracingPolicy
            metadata: {name: Wrong}
            spec:
              kprobs: []
              kprobes:
              - call: sys_wirte
                args: [{index: 9, type: int}, {index: 1, type: strin}, {index: 2, type: file}]
                selectors:
                - matchArgs: [{index: 1, operator: Equals, values: [1]}]
                  matchActions: [{action: Override, argError: -1}]
              - {syscall: maybe}
            """);

    assertThat(problems)
        .extracting(Problem::path)
        .containsExactly(
            "metadata.name",
            "spec.kprobs",
            "spec.kprobes[0].call",
            "spec.kprobes[0].args[0].index",
            "spec.kprobes[0].args[1].type",
            "spec.kprobes[0].args[2].type",
            "spec.kprobes[0].selectors[0].matchArgs[0].operator",
            "spec.kprobes[0].selectors[0].matchArgs[0].values[0]",
            "spec.kprobes[0].selectors[0].matchActions[0].action",
            "spec.kprobes[1].call",
            "spec.kprobes[1].syscall");
    assertThat(problems)
        .filteredOn(p -> p.kind() == Kind.UNSUPPORTED)
        .extracting(Problem::message)
        .hasSize(2)
        .allSatisfy(m -> assertThat(m).startsWith("not supported yet: "));
    assertThat(problems)
        .extracting(Problem::toString)
        .contains(
            "spec.kprobs: is not a field of the language; did you mean \"kprobes\"?",
            "spec.kprobes[0].call: is \"sys_wirte\", no system call; did you mean \"sys_write\"?",
            "spec.kprobes[0].args[1].type: is \"strin\"; did you mean \"string\"?");
  }

  static Policy accepted(String text) {
    var reading = PolicyReader.readText(text);
    assertThat(reading).singleElement().isInstanceOf(Reading.Accepted.class);
    return ((Reading.Accepted) reading.getFirst()).policy();
  }

  static List<Problem> refused(String text) {
    var reading = PolicyReader.readText(text);
    assertThat(reading).singleElement().isInstanceOf(Reading.Refused.class);
    return ((Reading.Refused) reading.getFirst()).problems();
  }
}
