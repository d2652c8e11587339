package dev.skep.policy;

import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Operator;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What of the policy reference is written by hand; all its examples are read by the validator. */
final class ReferenceTexts {
  static final String BEGINNING =
      """
      # The policy language

      Made from the code by `make/maven test -pl crds -am -Dreference.update=true`; a test fails where it differs. `skep validate FILE` checks a policy against it,
      `skep explain FILE` tells what this machine's kernel would make of it. Every policy here is read by that test.

      It is Tetragon's language: a file moves over by changing `apiVersion: cilium.io/v1alpha1` to `skep.dev/v1alpha1`, and is read with either. A hook's **selectors** are
      asked in order and the first whose filters all match decides; a selector without `matchActions` tells, a hook without selectors tells every call. All values of a filter are
      alternatives, of the operators that begin with Not none may be so.

      Limits: 16 selectors a hook and 256 filters in all of them, 8 arguments, 8 actions a selector; values in any number. Texts are compared up to 4095 bytes, prefixes up to 256,
      postfixes up to 128. Policies need Linux 5.17 and BTF.
      """;

  static final String DIFFERENCES =
      """
      ## Where Tetragon's documentation and its code differ, and what Skep does

      | | documented there | done there | here |
      |---|---|---|---|
      | Equal and NotEqual on `filename`, `kiocb`, `char_iovec` | yes | refused | as documented, where the type can be read |
      | NotSPortPriv | so | the word is `NotSportPriv` | `NotSportPriv`; the validator names it |
      | SubStringIgnoreCase | so | the word is `SubStringIgnCase` | `SubStringIgnCase`; the validator names it |
      | options | two | `override-method`, `policy-mode`, `sleepable-preload-size` too | all are known; what is not carried out is refused by name |
      | `fentries` | as kprobes | refuse actions that enforce, and are not counted for the mode | as kprobes |
      | `policy-mode: enforce` without such an action | | becomes monitor, a line in the log | MODE is `observe`, and a warning in validation, log and status |
      | one kind of hooks in a policy | | so | any mixture |
      """;

  /** Of fields that the policy with every field has in vain, or not as they matter. */
  static final Map<String, String> PROBES =
      Map.ofEntries(
          Map.entry(
              "spec.kprobes[].args[].source",
              Place.FUNCTION.policy(
                  "data: [{index: 0, type: int, source: current_task, resolve: pid}]")),
          Map.entry(
              "spec.kprobes[].ignore.callNotFound",
              Place.FUNCTION.policy("ignore: {callNotFound: true}")),
          Map.entry(
              "spec.lists[].pattern",
              Policies.ofSpec(
                  """
                  lists: [{name: all, type: generated_ftrace, pattern: '^ksys_'}]
                  kprobes: [{call: 'list:all', syscall: false}]\
                  """)),
          action("argSock", "{action: TrackSock, argSock: 0}"),
          action("argUrl", "{action: GetUrl, argUrl: 'http://canary.example.org'}"),
          action("argFqdn", "{action: DnsLookup, argFqdn: canary.example.org}"),
          Map.entry(
              "spec.kprobes[].selectors[].matchActions[].imaHash",
              Place.LSM_HOOK.policy(
                  "selectors: [{matchActions: [{action: Post, imaHash: true}]}]")),
          ofUsdt("argIndex"),
          ofUsdt("argValue"),
          ofUprobe("argRegs", "['rax=11']"),
          ofUprobe("argNewSymbol", "other"),
          ofUprobe("argNewAddr", "4096"),
          ofUprobe("argNewOffset", "16"));

  private ReferenceTexts() {}

  private static Map.Entry<String, String> action(String field, String action) {
    return Map.entry(
        "spec.kprobes[].selectors[].matchActions[]." + field,
        Place.FUNCTION.policy(
            "args: [{index: 0, type: sock}], selectors: [{matchActions: [%s]}]".formatted(action)));
  }

  private static Map.Entry<String, String> ofUsdt(String field) {
    return Map.entry(
        "spec.kprobes[].selectors[].matchActions[]." + field,
        Place.USDT.policy(
            "selectors: [{matchActions: [{action: Set, argIndex: 0, argValue: 1}]}]"));
  }

  private static Map.Entry<String, String> ofUprobe(String field, String value) {
    return Map.entry(
        "spec.kprobes[].selectors[].matchActions[]." + field,
        Place.UPROBE.policy(
            "selectors: [{matchActions: [{action: Override, %s: %s}]}]".formatted(field, value)));
  }

  /** Where a policy can look, with an example of each. */
  enum Place {
    SYSCALL(
        "`kprobes`, system calls",
        "one dispatcher for all calls and policies on the raw tracepoint `sys_enter`; perf's from"
            + " Linux 7.0 on",
        "5.17",
        "kprobes: [{call: sys_write, %s}]"),
    FUNCTION(
        "`kprobes`, functions",
        "one dispatcher for all policies on each function; Override by `fmod_ret` or the LSM hook",
        "5.17 with kprobes; Override: trampolines",
        "kprobes: [{call: security_file_open, syscall: false, %s}]"),
    FENTRY(
        "`fentries`",
        "trampolines",
        "5.17 with trampolines",
        "fentries: [{call: security_file_open, syscall: false, %s}]"),
    TRACEPOINT(
        "`tracepoints`",
        "the tracepoint, its fields by its format",
        "5.17",
        "tracepoints: [{subsystem: syscalls, event: sys_enter_openat, %s}]"),
    RAW_TRACEPOINT(
        "`tracepoints`, `raw: true`",
        "the raw tracepoint, its arguments as the kernel has them",
        "5.17",
        "tracepoints: [{subsystem: sched, event: sched_switch, raw: true, %s}]"),
    LSM_HOOK(
        "`lsmhooks`",
        "BPF LSM",
        "5.17 with `bpf` among its security modules",
        "lsmhooks: [{hook: file_open, %s}]"),
    UPROBE("`uprobes`", "", "", "uprobes: [{path: /bin/bash, symbols: [readline], %s}]"),
    USDT("`usdts`", "", "", "usdts: [{path: /bin/bash, provider: a, name: b, %s}]"),
    LOADER("`loader`", "", "", "loader: true\n%s"),
    ENFORCERS("`enforcers`", "", "", "enforcers: [{calls: [sys_dup]}]\n%s");

    private final String title;
    private final String attached;
    private final String kernel;
    private final String spec;

    Place(String title, String attached, String kernel, String spec) {
      this.title = title;
      this.attached = attached;
      this.kernel = kernel;
      this.spec = spec;
    }

    String title() {
      return title;
    }

    String attached() {
      return attached;
    }

    String kernel() {
      return kernel;
    }

    /** Those whose hooks have arguments that this version knows to judge. */
    static List<Place> withArguments() {
      return List.of(SYSCALL, FUNCTION, FENTRY, TRACEPOINT, RAW_TRACEPOINT, LSM_HOOK);
    }

    /** Of one hook with these further fields. */
    String policy(String fields) {
      return Policies.ofSpec(spec.formatted(fields).replace(", }", "}"))
          .replace("name: tried", "name: example");
    }

    String example() {
      return switch (this) {
        case SYSCALL ->
            policy(
                """
                args: [{index: 0, type: fd}, {index: 2, type: size_t}], return: true, returnArg: {index: 0, type: long},
                  selectors: [{matchArgs: [{index: 0, operator: Prefix, values: [/etc/]}], matchActions: [{action: Post, rateLimit: 1m}]}]\
                """);
        case FUNCTION, FENTRY ->
            policy(
                """
                args: [{index: 0, type: file}],
                  selectors: [{matchBinaries: [{operator: NotIn, values: [/usr/bin/passwd]}],
                               matchArgs: [{index: 0, operator: Equal, values: [/etc/shadow]}],
                               matchActions: [{action: Override, argError: -1}]}]\
                """);
        case TRACEPOINT ->
            policy(
                """
                args: [{index: 6, type: string}],
                  selectors: [{matchArgs: [{index: 6, operator: Postfix, values: [.so]}]}]\
                """);
        case RAW_TRACEPOINT -> policy("args: [{index: 0, type: int}]");
        case LSM_HOOK ->
            policy(
                """
                args: [{index: 0, type: file}],
                  selectors: [{matchArgs: [{index: 0, operator: Prefix, values: [/tmp/]}], matchActions: [{action: Override, argError: -1}]}]\
                """);
        case UPROBE, USDT, LOADER, ENFORCERS -> policy("");
      };
    }
  }

  /** An action, and how it is written. */
  enum Act {
    POST(
        "Post",
        "tells; `rateLimit`, with `rateLimitScope`, tells equal events once in that time",
        ""),
    NO_POST("NoPost", "decides without telling", ""),
    SIGKILL(
        "Sigkill",
        "kills the process; see the warnings of `skep validate` on what the call may have done by"
            + " then",
        ""),
    SIGNAL("Signal", "sends `argSig`", ", argSig: 10"),
    OVERRIDE("Override", "the call is not carried out and returns `argError`", ", argError: -1"),
    NOTIFY_ENFORCER("NotifyEnforcer", "", ", argError: -1"),
    CLEANUP("CleanupEnforcerNotification", "", ""),
    TRACK_SOCK("TrackSock", "", ", argSock: 0"),
    UNTRACK_SOCK("UntrackSock", "", ", argSock: 0"),
    GET_URL("GetUrl", "", ", argUrl: 'http://canary.example.org'"),
    DNS_LOOKUP("DnsLookup", "", ", argFqdn: canary.example.org"),
    SET("Set", "", ", argIndex: 0, argValue: 1");

    private final String word;
    private final String meaning;
    private final String fields;

    Act(String word, String meaning, String fields) {
      this.word = word;
      this.meaning = meaning;
      this.fields = fields;
    }

    String word() {
      return word;
    }

    String meaning() {
      return meaning;
    }

    String example() {
      return "{action: " + word + fields + "}";
    }

    static List<String> words() {
      return Arrays.stream(values()).map(Act::word).toList();
    }
  }

  /** What an operator may be asked with. */
  static String value(Operator operator, ArgumentType type) {
    return switch (operator) {
      case IN_RANGE, NOT_IN_RANGE -> "1:5";
      case SADDR, NOT_SADDR, DADDR, NOT_DADDR -> "10.0.0.0/8";
      case PROTOCOL -> "IPPROTO_TCP";
      case FAMILY -> "AF_INET";
      case STATE -> "TCP_LISTEN";
      case FILE_TYPE, NOT_FILE_TYPE -> "reg";
      case PREFIX, NOT_PREFIX -> "/etc/";
      case POSTFIX, NOT_POSTFIX -> ".so";
      case SUB_STRING, SUB_STRING_IGN_CASE -> "ssh";
      case SPORT, NOT_SPORT, DPORT, NOT_DPORT -> "443";
      default -> type.isCapabilities() ? "CAP_SYS_ADMIN" : "7";
    };
  }
}
