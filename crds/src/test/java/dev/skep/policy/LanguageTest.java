package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Reading.Problem;
import dev.skep.policy.ast.Action;
import dev.skep.policy.ast.Action.RateLimit;
import dev.skep.policy.ast.Call;
import dev.skep.policy.ast.Capability;
import dev.skep.policy.ast.Kprobe;
import dev.skep.policy.ast.LsmHook;
import dev.skep.policy.ast.Matching;
import dev.skep.policy.ast.Matching.Range;
import dev.skep.policy.ast.Selector;
import dev.skep.policy.ast.Tracepoint;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hooks, selectors and actions as the language has them, carried out or not. */
class LanguageTest {
  private static final String SELECTOR = "spec.kprobes[0].selectors[0].";

  @Test
  void onePolicyMixesAllKindsOfHooks() {
    var tree =
        Trees.understood(
            Policies.ofSpec(
                """
                lsmhooks: [{hook: file_open, args: [{index: 0, type: file}]}]
                tracepoints: [{subsystem: sched, event: sched_process_exec, raw: true}]
                fentries: [{call: tcp_close, syscall: false}]
                kprobes: [{call: sys_mount}, {call: security_file_open, syscall: false}]
                """));

    assertThat(tree.hooks())
        .extracting(Object::getClass)
        .isEqualTo(
            List.of(Kprobe.class, Kprobe.class, Kprobe.class, Tracepoint.class, LsmHook.class));
    assertThat(((Kprobe) tree.hooks().getFirst()).calls())
        .containsExactly(new Call.Syscall(Call.Abi.X64, "mount", 165));
    assertThat(((Kprobe) tree.hooks().get(1)).calls())
        .containsExactly(new Call.Function("security_file_open"));
    assertThat(((Kprobe) tree.hooks().get(2)).fentry()).isTrue();
  }

  @Test
  void namesThatNoKernelHasAreRefusedBeforeTheyReachAPath() {
    assertThat(
            Trees.wrong(
                Policies.ofSpec(
                    """
                    kprobes: [{call: "vfs read", syscall: false}]
                    tracepoints: [{subsystem: ../.., event: sys_enter}]
                    lsmhooks: [{hook: security_file_open}]
                    """)))
        .containsExactly(
            "spec.kprobes[0].call: is \"vfs read\", which no function can be called",
            "spec.tracepoints[0].subsystem: is \"../..\", must be a name of the kernel's: letters,"
                + " digits and _",
            "spec.lsmhooks[0].hook: is \"security_file_open\", must be without prefix:"
                + " \"file_open\"");
  }

  @Test
  void aListOfSystemCallsHasThoseOf32BitProgramsToo() {
    var lists =
        "lists: [{name: dups, type: syscalls, values: [sys_dup, __ia32_sys_dup, i386/sys_dup2]}]\n";
    var hook = (Kprobe) Trees.hook(lists + "kprobes: [{call: \"list:dups\"}]");
    var filter =
        (Tracepoint)
            Trees.hook(
                lists
                    + """
                    tracepoints:
                    - subsystem: raw_syscalls
                      event: sys_enter
                      args: [{index: 4, type: syscall64}]
                      selectors: [{matchArgs: [{index: 0, operator: InMap, values: ["list:dups", "999"]}]}]
                    """);

    assertThat(hook.calls())
        .containsExactly(
            new Call.Syscall(Call.Abi.X64, "dup", 32),
            new Call.Syscall(Call.Abi.I386, "dup", 41),
            new Call.Syscall(Call.Abi.I386, "dup2", 63));
    assertThat(filter.selectors().getFirst().arguments().getFirst().matching())
        .isEqualTo(
            new Matching.Numbers(
                List.of(
                    Range.of(32),
                    Range.of(0x80000000L | 41),
                    Range.of(0x80000000L | 63),
                    Range.of(999))));
  }

  @Test
  void aPlainListHasFunctionsOrNumbers() {
    var hook =
        (Kprobe)
            Trees.hook(
                """
                lists: [{name: opens, values: [vfs_open, do_filp_open]}, {name: modes, values: ["2", "4:7"]}]
                kprobes:
                - call: "list:opens"
                  syscall: false
                  args: [{index: 1, type: int}]
                  selectors: [{matchArgs: [{index: 1, operator: NotInMap, values: ["list:modes"]}]}]
                """);

    assertThat(hook.calls())
        .containsExactly(new Call.Function("vfs_open"), new Call.Function("do_filp_open"));
    var filter = hook.selectors().getFirst().arguments().getFirst();
    assertThat(filter.negated()).isTrue();
    assertThat(filter.matching())
        .isEqualTo(new Matching.Numbers(List.of(Range.of(2), new Range(4, 7))));
  }

  @Test
  void listsAreCheckedWhereTheyAreAndWhereTheyAreUsed() {
    assertThat(
            Trees.wrong(
                Policies.ofSpec(
                    """
                    lists:
                    - {name: calls, type: syscalls, values: [sys_dupp]}
                    - {name: calls, values: [a]}
                    - {name: none}
                    kprobes:
                    - call: "list:cals"
                    - call: sys_dup
                      args: [{index: 0, type: int}]
                      selectors: [{matchArgs: [{index: 0, operator: InMap, values: ["list:other", x]}]}]
                    """)))
        .containsExactly(
            "spec.lists[0].values[0]: is \"sys_dupp\", no system call; did you mean \"sys_dup\"?",
            "spec.lists[1].name: is \"calls\" for the second time",
            "spec.lists[2].values: is missing, but a list needs values",
            "spec.kprobes[0].call: is \"list:cals\", but spec.lists has no such list; did you mean"
                + " \"calls\"?",
            "spec.kprobes[1].selectors[0].matchArgs[0].values[0]: is \"list:other\", but spec.lists"
                + " has no such list; it is one of calls, none",
            "spec.kprobes[1].selectors[0].matchArgs[0].values[1]: is \"x\", must be a number from"
                + " -2147483648 to 2147483647, decimal or hexadecimal with 0x, or low:high");
  }

  @Test
  void argumentsOfATracepointAreNamedByFieldAndElseByPosition() {
    var spec =
        """
        tracepoints:
        - subsystem: syscalls
          event: sys_enter_lseek
          args: [{index: 7}, {index: 5}]
          selectors: [{matchArgs: [{index: 5, operator: Equal, values: ["1"]}, {index: 0, operator: Equal, values: ["1"]}]}]
        """;

    assertThat(Trees.hook(spec).selectors().getFirst().arguments())
        .extracting(Selector.ArgumentFilter::argument)
        .containsExactly(1, 0);
  }

  @Test
  void filtersOnTheProcessAreReadWhole() {
    var selector =
        selector(
            """
            matchParentBinaries: [{operator: NotPostfix, values: [/bash], followChildren: true}],
            matchNamespaces: [{namespace: Pid, operator: NotIn, values: [host_ns, "4026531836"]}],
            matchNamespaceChanges: [{operator: In, values: [Mnt, pidForChildren]}],
            matchCapabilities: [{operator: NotIn, values: [CAP_SYS_ADMIN, cap_bpf]}],
            matchCapabilityChanges: [{type: Permitted, operator: In, isNamespaceCapability: true, values: [CAP_NET_RAW]}]
            """);

    assertThat(selector.parentBinaries())
        .containsExactly(
            new Selector.BinaryFilter(
                SELECTOR + "matchParentBinaries[0]",
                true,
                Selector.BinaryFilter.Part.POSTFIX,
                List.of("/bash"),
                true));
    assertThat(selector.namespaces())
        .containsExactly(
            new Selector.NamespaceFilter(
                SELECTOR + "matchNamespaces[0]",
                Selector.Namespace.PID,
                true,
                true,
                Set.of(4026531836L)));
    assertThat(selector.namespaceChanges().getFirst().namespaces())
        .containsExactlyInAnyOrder(Selector.Namespace.MNT, Selector.Namespace.PID_FOR_CHILDREN);
    assertThat(selector.capabilities())
        .containsExactly(
            new Selector.CapabilityFilter(
                SELECTOR + "matchCapabilities[0]",
                Selector.CapabilitySet.EFFECTIVE,
                true,
                false,
                Set.of(Capability.CAP_SYS_ADMIN, Capability.CAP_BPF)));
    assertThat(selector.capabilityChanges().getFirst().outsideHost()).isTrue();
  }

  @Test
  void wrongWordsOfProcessFiltersAreTold() {
    assertThat(
            wrong(
                """
                matchNamespaces: [{namespace: Pid, operator: In, values: [host, "0", "4294967296"]}],
                matchNamespaceChanges: [{operator: In, values: [Mount]}],
                matchCapabilities: [{operator: In, values: [SYS_ADMIN]}]
                """))
        .containsExactly(
            "matchNamespaces[0].values[0]: is \"host\", must be host_ns or the number of a"
                + " namespace, such as 4026531836 (lsns shows them)",
            "matchNamespaces[0].values[1]: is \"0\", must be host_ns or the number of a namespace,"
                + " such as 4026531836 (lsns shows them)",
            "matchNamespaces[0].values[2]: is \"4294967296\", must be host_ns or the number of a"
                + " namespace, such as 4026531836 (lsns shows them)",
            "matchNamespaceChanges[0].values[0]: is \"Mount\", no kind of namespace; it is one of"
                + " Uts, Ipc, Mnt, Pid, PidForChildren, Net, Time, TimeForChildren, Cgroup, User",
            "matchCapabilities[0].values[0]: is \"SYS_ADMIN\", no capability; did you mean"
                + " \"CAP_SYS_ADMIN\"?");
  }

  @ParameterizedTest
  @CsvSource({"5, 5", "5s, 5", "1m, 60", "2H, 7200"})
  void ratesAreLimitedInSecondsMinutesOrHours(String text, long seconds) {
    var actions =
        selector(
                "matchActions: [{action: Post, rateLimit: \""
                    + text
                    + "\", rateLimitScope: global}]")
            .actions();

    assertThat(actions)
        .containsExactly(
            new Action.Post(
                SELECTOR + "matchActions[0]",
                new RateLimit(seconds, RateLimit.Scope.GLOBAL),
                false,
                false,
                false));
  }

  @Test
  void anActionHasWhatItNeeds() {
    assertThat(
            wrong(
                """
                matchActions: [
                {action: Post, rateLimit: 1d}, {action: Post, rateLimitScope: global}, {action: Override},
                {action: Post, imaHash: true}, {action: TrackSock}, {action: Set}, {action: GetUrl, argUrl: "ftp://a"}],
                matchReturnActions: [{action: Override, argError: -1}]
                """))
        .containsExactly(
            "matchActions[0].rateLimit: is \"1d\", must be a number of seconds, or with s, m or h,"
                + " such as 1m; at most 8760h",
            "matchActions[1].rateLimitScope: is there, but rateLimit is missing; add it, such as 1m",
            "matchActions[2].argError: is missing, but Override needs what the call returns instead,"
                + " such as -1 for EPERM",
            "matchActions[3].imaHash: belongs to lsmhooks of files and executables",
            "matchActions[4].argSock: is 0, an argument of type file, must be a sock",
            "matchActions[5].action: is Set, which belongs to usdts",
            "matchActions[6].argUrl: is \"ftp://a\", must be a URL that begins with http:// or"
                + " https://",
            "matchReturnActions[0].action: is Override, but the call was carried out by then; put it"
                + " into matchActions");
  }

  @Test
  void notEveryHookTakesEveryAction() {
    assertThat(
            Trees.wrong(
                Policies.ofSpec(
                    """
                    tracepoints:
                    - {subsystem: a, event: b, selectors: [{matchActions: [{action: Override, argError: -1}]}]}
                    lsmhooks:
                    - hook: file_open
                      selectors:
                      - matchReturnArgs: [{operator: Equal, values: ["0"]}]
                        matchActions: [{action: GetUrl, argUrl: "http://a"}, {action: Post, userStackTrace: true}]
                    """)))
        .containsExactly(
            "spec.tracepoints[0].selectors[0].matchActions[0].action: is Override, but a tracepoint"
                + " returns nothing that could be replaced; hook the call itself with kprobes or"
                + " lsmhooks",
            "spec.lsmhooks[0].selectors[0].matchReturnArgs: is there, but a hook does not return",
            "spec.lsmhooks[0].selectors[0].matchActions[0].action: is GetUrl; lsmhooks take Post,"
                + " NoPost, Sigkill, Signal and Override",
            "spec.lsmhooks[0].selectors[0].matchActions[1].userStackTrace: is there, but lsmhooks have"
                + " no stack traces");
  }

  @Test
  void filtersOnTheReturnValueNeedOne() {
    assertThat(
            Trees.wrong(
                Policies.ofSpec(
                    Trees.function(
                        "selectors: [{matchReturnArgs: [{operator: Equal, values: [\"0\"]}]}]"))))
        .containsExactly(
            "spec.kprobes[0].selectors[0].matchReturnArgs: is there, but return is not true; add"
                + " return: true and returnArg");
    var hook =
        Trees.hook(
            Trees.function(
                "return: true, returnArg: {index: 0, type: int},"
                    + " selectors: [{matchReturnArgs: [{operator: LT, values: [\"0\"]}]}]"));
    assertThat(hook.selectors().getFirst().returned().getFirst().matching())
        .isEqualTo(new Matching.LessThan(0));
  }

  @Test
  void aFunctionHasMoreArgumentsThanASystemCall() {
    assertThat(Trees.hook(Trees.function("args: [{index: 11, type: int}]")).arguments()).hasSize(1);
    assertThat(Trees.wrong(Policies.ofSpec(Trees.function("args: [{index: 12, type: int}]"))))
        .containsExactly(
            "spec.kprobes[0].args[0].index: is 12, but a function has arguments 0 to 11 at most");
  }

  @Test
  void membersOfOneStructureAreNotSupportedYet() {
    var args = "args: [{index: 0, type: int, resolve: a}, {index: 0, type: int, resolve: b.c}]";

    assertThat(Trees.refused(Policies.ofSpec(Trees.function(args))))
        .extracting(Problem::toString)
        .containsExactly(
            "spec.kprobes[0].args[0].resolve: not supported yet: members of structures",
            "spec.kprobes[0].args[1].resolve: not supported yet: members of structures");
  }

  @Test
  void theMethodOfOverrideIsAnOption() {
    var spec = "kprobes: [{call: sys_dup}]\noptions: [{name: override-method, value: %s}]";

    assertThat(Trees.understood(Policies.ofSpec(spec.formatted("fmod-ret"))).overrideMethod())
        .isEqualTo(PolicyTree.OverrideMethod.FMOD_RET);
    assertThat(Trees.wrong(Policies.ofSpec(spec.formatted("fmodret"))))
        .containsExactly("spec.options[0].value: is \"fmodret\"; did you mean \"fmod-ret\"?");
  }

  private static String ofSelector(String selector) {
    return Trees.function(
        "return: true, returnArg: {index: 0, type: int}, args: [{index: 0, type: file}],"
            + " selectors: [{"
            + selector.replace("\n", " ")
            + "}]");
  }

  private static Selector selector(String selector) {
    return Trees.hook(ofSelector(selector)).selectors().getFirst();
  }

  private static List<String> wrong(String selector) {
    return Trees.wrong(Policies.ofSpec(ofSelector(selector))).stream()
        .map(line -> line.replace(SELECTOR, ""))
        .toList();
  }
}
