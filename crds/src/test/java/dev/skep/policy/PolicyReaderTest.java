package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Hook.Action;
import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Hook.Matching;
import dev.skep.policy.Reading.Kind;
import dev.skep.policy.Reading.Problem;
import dev.skep.policy.ast.Action.RateLimit;
import dev.skep.policy.ast.Capability;
import dev.skep.policy.ast.Matching.Range;
import dev.skep.policy.ast.Selector.BinaryFilter.Part;
import dev.skep.policy.ast.Selector.CapabilitySet;
import dev.skep.policy.ast.Selector.Namespace;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PolicyReaderTest {
  @Test
  void aWholePolicyBecomesItsTree() {
    var policy = Policies.accepted(Policies.supported());

    assertThat(policy.name()).isEqualTo("protect");
    assertThat(policy.uid()).isEqualTo("6b2f0c1e-0000-4000-8000-000000000001");
    assertThat(policy.generation()).isEqualTo(7);
    assertThat(policy.mode()).isEqualTo(Policy.Mode.MONITOR);
    assertThat(policy.nodeSelector().requirements()).hasSize(2);
    var hook = policy.hooks().getFirst();
    assertThat(hook.call()).isEqualTo("__x64_sys_write");
    assertThat(hook.place()).isEqualTo(new Hook.Place.Syscall("write"));
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
    assertThat(guard.process())
        .containsExactly(
            new Hook.PidFilter(true, true, true, Set.of(0, 1)),
            new Hook.BinaryFilter(true, false, Part.WHOLE, Set.of("/usr/bin/ledger"), false));
    assertThat(guard.arguments())
        .containsExactly(
            new Hook.ArgumentFilter(0, true, new Matching.TextPrefix(Set.of("/tmp/", "/var/tmp/"))),
            new Hook.ArgumentFilter(2, false, new Matching.GreaterThan(16)));
    assertThat(guard.action()).isEqualTo(new Action(false, 9));
    assertThat(hook.selectors().get(1).action()).isEqualTo(Action.POST);
  }

  @Test
  void whatASelectorAsksOfTheProcessIsCarriedOut() {
    var hook =
        Policies.acceptedHook(
            Policies.ofKprobe(
                """
                args: [{index: 3, type: int}]
                selectors:
                - matchPIDs: [{operator: In, values: [1, 2, 3, 4, 5]}]
                  matchNamespaces: [{namespace: Net, operator: NotIn, values: [host_ns, "7"]}]
                  matchNamespaceChanges: [{operator: In, values: [Mnt, Uts]}]
                  matchCapabilities:
                  - {type: Permitted, operator: In, values: [CAP_SYS_ADMIN], isNamespaceCapability: true}
                  matchCapabilityChanges: [{operator: NotIn, values: [CAP_CHOWN]}]
                  matchBinaries: [{operator: NotPrefix, values: [/tmp/], followChildren: true}]
                  matchParentBinaries: [{operator: Postfix, values: [/sh, /bash]}]
                  matchArgs: [{index: 3, operator: NotInRange, values: ["-5:5", "7:9"]}]
                  matchActions: [{action: Post, rateLimit: 2m, rateLimitScope: process}]
                """));

    var selector = hook.selectors().getFirst();
    assertThat(selector.process())
        .containsExactly(
            new Hook.PidFilter(false, false, false, Set.of(1, 2, 3, 4, 5)),
            new Hook.NamespaceFilter(true, Namespace.NET, true, Set.of(7L)),
            new Hook.NamespaceChangeFilter(false, Set.of(Namespace.MNT, Namespace.UTS)),
            new Hook.CapabilityFilter(
                false, CapabilitySet.PERMITTED, true, Set.of(Capability.CAP_SYS_ADMIN)),
            new Hook.CapabilityChangeFilter(
                true, CapabilitySet.EFFECTIVE, false, Set.of(Capability.CAP_CHOWN)),
            new Hook.BinaryFilter(true, false, Part.PREFIX, Set.of("/tmp/"), true),
            new Hook.BinaryFilter(false, true, Part.POSTFIX, Set.of("/sh", "/bash"), false));
    assertThat(selector.arguments())
        .containsExactly(
            new Hook.ArgumentFilter(
                0, true, new Matching.InRange(Set.of(new Range(-5, 5), new Range(7, 9)))));
    assertThat(selector.action())
        .isEqualTo(new Action(true, 0, new RateLimit(120, RateLimit.Scope.PROCESS), 0));
  }

  @Test
  void everythingWrongIsToldAtOnceAndInTheOrderOfTheFile() {
    var problems =
        Policies.refused(
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
                  matchActions: [{action: NotifyEnforcer, argError: -1}]
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
        .hasSize(1)
        .allSatisfy(m -> assertThat(m).startsWith("not supported yet: "));
    assertThat(problems)
        .extracting(Problem::toString)
        .contains(
            "spec.kprobs: is not a field of the language; did you mean \"kprobes\"?",
            "spec.kprobes[0].call: is \"sys_wirte\", no system call; did you mean \"sys_write\"?",
            "spec.kprobes[0].args[1].type: is \"strin\"; did you mean \"string\"?");
  }

  @Test
  void aFunctionOfTheKernelIsReadWithWhatItIsGiven() {
    var policy =
        Policies.accepted(
            Policies.ofSpec(
                """
                kprobes:
                - call: security_file_permission
                  syscall: false
                  args: [{index: 0, type: file, label: which}, {index: 1, type: int}]
                  selectors:
                  - matchArgs:
                    - {index: 0, operator: Prefix, values: [/etc/]}
                    - {index: 1, operator: Mask, values: ["2"]}
                    matchActions: [{action: Sigkill}]
                """));

    assertThat(policy.hooks())
        .containsExactly(
            new Hook(
                0,
                "spec.kprobes[0]",
                "security_file_permission",
                new Hook.Place.Function("security_file_permission", false),
                List.of(
                    new Hook.Argument(0, Hook.ArgumentType.FILE, OptionalInt.empty(), "which"),
                    new Hook.Argument(1, Hook.ArgumentType.INT, OptionalInt.empty(), null)),
                null,
                List.of(
                    new Hook.Selector(
                        null,
                        List.of(),
                        List.of(
                            new Hook.ArgumentFilter(
                                0, false, new Hook.Matching.TextPrefix(Set.of("/etc/"))),
                            new Hook.ArgumentFilter(1, false, new Hook.Matching.AnyBit(2))),
                        new Hook.Action(true, 9))),
                null,
                List.of()));
    assertThat(policy.mode()).isEqualTo(Policy.Mode.ENFORCE);
  }

  @Test
  void onlyWhatTheKernelAsksItsSecurityModulesByCanBeOverridden() {
    var policy =
        """
        kprobes:
        - call: %s
          syscall: %s
          ignore: {callNotFound: true}
          selectors:
          - matchActions: [{action: Override, argError: %d}, {action: Sigkill}]
        """;

    var override =
        Policies.accepted(Policies.ofSpec(policy.formatted("security_file_open", false, -13)));

    assertThat(override.mode()).isEqualTo(Policy.Mode.ENFORCE);
    assertThat(override.hooks().getFirst().selectors().getFirst().action())
        .isEqualTo(new Hook.Action(true, 9, null, -13));
    assertThat(override.hooks().getFirst().place())
        .isEqualTo(new Hook.Place.Function("security_file_open", true));
    assertThat(Policies.refused(Policies.ofSpec(policy.formatted("do_unlinkat", false, -13))))
        .singleElement()
        .asString()
        .contains(
            "matchActions[0].action: not supported yet: Override of a function that is no system");
    assertThat(
            Policies.accepted(
                    Policies.ofKprobe(
                        "selectors: [{matchActions: [{action: Override, argError: -13}]}]"))
                .hooks()
                .getFirst()
                .selectors()
                .getFirst()
                .action()
                .error())
        .isEqualTo(-13);
    assertThat(Policies.refused(Policies.ofSpec(policy.formatted("security_file_open", false, 0))))
        .singleElement()
        .asString()
        .contains("matchActions[0].argError: is 0, must be -4095 to 4095 and not 0");
  }

  @Test
  void aSystemCallIsGivenNoStructureOfTheKernel() {
    assertThat(Policies.refused(Policies.ofKprobe("args: [{index: 0, type: file}]")))
        .singleElement()
        .asString()
        .startsWith("spec.kprobes[0].args[0].type: is file, a structure of the kernel")
        .contains("fd", "string", "syscall: false");
  }

  @Test
  void whatTheFileLeavesOutHasItsDefault() {
    var policy = Policies.accepted(Policies.ofSpec("kprobes: [{call: write}]"));

    assertThat(policy.uid()).isEqualTo("file-tried");
    assertThat(policy.generation()).isEqualTo(1);
    assertThat(policy.namespace()).isNull();
    assertThat(policy.mode()).isEqualTo(Policy.Mode.OBSERVE);
    assertThat(policy.nodeSelector()).isEqualTo(LabelSelector.EVERYTHING);
    assertThat(policy.hooks())
        .containsExactly(
            new Hook(
                0,
                "spec.kprobes[0]",
                "write",
                new Hook.Place.Syscall("write"),
                List.of(),
                null,
                List.of(),
                null,
                List.of()));
  }

  @Test
  void aLongNameGivesAUidThatFitsIntoTheKernelsKeys() {
    var name = "a".repeat(253);
    var policy =
        Policies.accepted(Policies.ofSpec("kprobes: [{call: write}]").replace("tried", name));

    assertThat(policy.name()).isEqualTo(name);
    assertThat(policy.uid()).startsWith("file-").hasSizeLessThanOrEqualTo(39);
  }

  @Test
  void theModeMayComeAsTetragonsOption() {
    var kill = "matchActions: [{action: Sigkill}]";
    var enforcing = Policies.ofKprobe("selectors: [{" + kill + "}]");

    assertThat(Policies.accepted(enforcing).mode()).isEqualTo(Policy.Mode.ENFORCE);
    assertThat(
            Policies.accepted(enforcing + "  options: [{name: policy-mode, value: monitor}]\n")
                .mode())
        .isEqualTo(Policy.Mode.MONITOR);
    assertThat(Policies.accepted(enforcing + "  mode: monitor\n").mode())
        .isEqualTo(Policy.Mode.MONITOR);
  }

  @Test
  void tetragonsOwnApiVersionIsReadToo() {
    var policy = Policies.supported().replace("skep.dev", "cilium.io");

    assertThat(Policies.accepted(policy).name()).isEqualTo("protect");
  }

  @Test
  void severalDocumentsAreSeveralPolicies() {
    var readings =
        PolicyReader.readText(
            "---\n" + Policies.supported() + "---\n---\n" + Policies.ofSpec("{}") + "---\n");

    assertThat(readings).hasSize(2);
    assertThat(readings.getFirst()).isInstanceOf(Reading.Accepted.class);
    assertThat(readings.getLast()).isInstanceOf(Reading.Refused.class);
  }

  @Test
  void aliasesAreFollowed() {
    var hook =
        Policies.acceptedHook(
            """
            apiVersion: skep.dev/v1alpha1
            kind: TracingPolicy
            metadata: {name: aliased}
            spec:
              kprobes:
              - call: sys_openat
                args: [{index: 1, type: string}]
                selectors:
                - matchArgs: [{index: 1, operator: Equal, values: &paths [/a, /b]}]
                - matchArgs: [{index: 1, operator: Prefix, values: *paths}]
            """);

    assertThat(hook.selectors().getLast().arguments().getFirst().matching())
        .isEqualTo(new Matching.TextPrefix(Set.of("/a", "/b")));
  }

  @Test
  void jsonIsReadToo() {
    var json =
        """
        {
        \t"apiVersion": "skep.dev/v1alpha1", "kind": "TracingPolicy",
        \t"metadata": {"name": "tried"}, "spec": {"kprobes": [{"call": "sys_write"}]}
        }
        """;
    var braces = json.replace("\t", "").replace("\"", "");

    assertThat(Policies.accepted(json)).isEqualTo(Policies.accepted(braces));
  }

  @Test
  void whatIsNeitherYamlNorJsonIsAnsweredWithItsLine() {
    assertThat(Policies.refused("a: 1\nb: [\n"))
        .singleElement()
        .satisfies(problem -> assertThat(problem.toString()).startsWith("line 3: is not YAML: "));
    assertThat(Policies.refused("{\n\"a\": 1]"))
        .singleElement()
        .satisfies(problem -> assertThat(problem.toString()).startsWith("line 2: is not JSON: "));
    assertThat(Policies.refused("a: 1\na: 2"))
        .extracting(Problem::toString)
        .containsExactly("line 2: has the field \"a\" for the second time");
    assertThat(Policies.refused("# nothing"))
        .extracting(Problem::toString)
        .containsExactly("document: is empty, must be a TracingPolicy");
  }
}
