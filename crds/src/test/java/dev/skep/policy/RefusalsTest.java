package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.skep.policy.Reading.Kind;
import dev.skep.policy.Reading.Problem;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each mistake is answered: the path, what is wrong, what would be right. */
class RefusalsTest {
  private static final String ARGS =
      "args: [{index: 0, type: fd}, {index: 1, type: char_buf, sizeArgIndex: 3},"
          + " {index: 2, type: size_t}, {index: 3, type: int}, {index: 4, type: nop}]\n";

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void aWrongSpecIsAnsweredWith(String spec, String... answers) {
    assertThat(Policies.refused(Policies.ofSpec(spec)))
        .extracting(Problem::toString)
        .containsExactly(answers);
  }

  static Stream<Arguments> aWrongSpecIsAnsweredWith() {
    return Stream.of(
        of("{}", "spec: watches nothing; add kprobes"),
        of("[]", "spec: is a list, must be an object"),
        of("kprobes: {}", "spec.kprobes: is an object, must be a list"),
        of("kprobes: [5]", "spec.kprobes[0]: is the number 5, must be an object"),
        of("kprobes: [{syscall: true}]", "spec.kprobes[0].call: is missing, but required"),
        of(
            "kprobes: [{call: sys_write, sysclal: true}]",
            "spec.kprobes[0].sysclal: is not a field of the language; did you mean \"syscall\"?"),
        of(
            "kprobes: [{call: sys_write, syscall: \"yes\"}]",
            "spec.kprobes[0].syscall: is the text \"yes\", must be true or false, without quotes"),
        of(
            "kprobes: [{call: sys_nothing_like_it}]",
            "spec.kprobes[0].call: is \"sys_nothing_like_it\", no system call;"
                + " for another function of the kernel write syscall: false"),
        of(
            "mode: enforced\nkprobes: [{call: sys_write}]",
            "spec.mode: is \"enforced\"; did you mean \"enforce\"?"),
        of(
            "mode: enforce\nkprobes: [{call: sys_write}]\n"
                + "options: [{name: policy-mode, value: monitor}]",
            "spec.options[0].value: is monitor, but spec.mode is enforce; keep one of them"),
        of(
            "kprobes: [{call: sys_write}]\noptions: [{name: policy-mod, value: monitor}]",
            "spec.options[0].name: \"policy-mod\" is not an option; did you mean"
                + " \"policy-mode\"?"),
        of(
            "kprobes: [{call: sys_write}]\n"
                + "nodeSelector: {matchExpressions: [{key: a b, operator: In}]}",
            "spec.nodeSelector.matchExpressions[0].values: is empty, but In needs values",
            "spec.nodeSelector.matchExpressions[0].key: is \"a b\", must be the key of a label,"
                + " such as app or example.org/tier"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void aWrongHookIsAnsweredWith(String fields, String... answers) {
    assertThat(Policies.refused(Policies.ofKprobe(fields)))
        .extracting(problem -> problem.toString().replace("spec.kprobes[0].", ""))
        .containsExactly(answers);
  }

  static Stream<Arguments> aWrongHookIsAnsweredWith() {
    return Stream.of(
        of(
            "args: [{index: 6, type: int}]",
            "args[0].index: is 6, but a system call has arguments 0 to 5 at most"),
        of("args: [{type: int}]", "args[0].index: is missing, but required"),
        of("args: [{index: -1, type: int}]", "args[0].index: is -1, must be from 0 to 63"),
        of(
            "args: [{index: 1.5, type: int}]",
            "args[0].index: is the number 1.5, must be a whole number"),
        of("args: [{index: 0, type: itn}]", "args[0].type: is \"itn\"; did you mean \"int\"?"),
        of(
            "args: [{index: 0, type: int}, {index: 0, type: fd}]",
            "args[1].index: is 0 for the second time"),
        of(
            "args: [{index: 1, type: char_buf}]",
            "args[0].sizeArgIndex: is missing, but a char_buf needs it:"
                + " which argument holds the length, counted from 1"),
        of(
            "args: [{index: 1, type: char_buf, sizeArgIndex: 7}]",
            "args[0].sizeArgIndex: is 7, but a system call has arguments 1 to 6 at most,"
                + " counted from 1"),
        of(
            "args: [{index: 1, type: string, sizeArgIndex: 3}]",
            "args[0].sizeArgIndex: belongs to a char_buf, this is a string"),
        of("return: true", "returnArg: is missing, but return is true; add {index: 0, type: int}"),
        of(
            "returnArg: {index: 0, type: int}",
            "returnArg: is there, but return is not true; add return: true or delete it"),
        of("message: " + "x".repeat(257), "message: has 257 characters, at most 256 are allowed"),
        of("tags: [a]", "tags[0]: has 1 character, at least 2 are needed"),
        of(
            "selectors: [" + "{}, ".repeat(17) + "]",
            "selectors: has 17 entries, at most 16 are allowed"),
        of(
            "return: true\nreturnArg: {index: 0, type: nop}",
            "returnArg.type: is nop, but return is true; give it a type"),
        of(
            "returnArgAction: TrackSock",
            "returnArgAction: is TrackSock, but return is not true; add return: true"),
        of(
            "return: true\nreturnArg: {index: 0, type: int}\nreturnArgAction: TrackSock",
            "returnArgAction: is TrackSock, but the return value is of type int, must be a sock"),
        of(
            "args: [{index: 0, type: int, maxData: true}]",
            "args[0].maxData: belongs to buffers and strings, this is of type int"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void aWrongSelectorIsAnsweredWith(String selector, String... answers) {
    assertThat(Policies.refused(Policies.ofKprobe(ARGS + "selectors: [{" + selector + "}]")))
        .extracting(problem -> problem.toString().replace("spec.kprobes[0].selectors[0].", ""))
        .containsExactly(answers);
  }

  static Stream<Arguments> aWrongSelectorIsAnsweredWith() {
    return Stream.of(
        of(
            "matchPIDs: [{operator: in, values: [1]}]",
            "matchPIDs[0].operator: is \"in\"; did you mean \"In\"?"),
        of("matchPIDs: [{operator: In}]", "matchPIDs[0].values: is missing, but required"),
        of("matchPIDs: [{operator: In, values: []}]", "matchPIDs[0].values: is empty"),
        of(
            "matchPIDs: [{operator: In, values: [\"1\"]}]",
            "matchPIDs[0].values[0]: is the text \"1\", must be a whole number"),
        of(
            "matchBinaries: [{operator: In, values: [bash]}]",
            "matchBinaries[0].values[0]: is \"bash\", must be a path that begins with /"),
        of(
            "matchBinaries: [{operator: Prefix, values: [/" + "x".repeat(256) + "]}]",
            "matchBinaries[0].values[0]: is longer than the 256 bytes that are compared"),
        of(
            "matchArgs: [{operator: Equal, values: [a]}]",
            "matchArgs[0].index: is missing: which argument, as its index in args"),
        of(
            "matchArgs: [{index: 5, operator: Equal, values: [a]}]",
            "matchArgs[0].index: is 5, but args has 0, 1, 2, 3, 4; add it there"),
        of(
            "matchArgs: [{index: 4, operator: Equal, values: [\"1\"]}]",
            "matchArgs[0].index: is 4, but that argument is a nop; give it a type in args"),
        of(
            "matchArgs: [{index: 0, operator: GT, values: [\"1\"]}]",
            "matchArgs[0].operator: is GT, but the argument is of type fd, which takes Equal,"
                + " NotEqual, Prefix, NotPrefix, Postfix, NotPostfix, SubString, SubStringIgnCase"),
        of(
            "matchArgs: [{index: 3, operator: Prefix, values: [\"1\"]}]",
            "matchArgs[0].operator: is Prefix, but the argument is of type int, which takes Equal,"
                + " NotEqual, GT, LT, Mask, InMap, NotInMap, InRange, NotInRange"),
        of(
            "matchArgs: [{index: 3, operator: DAddr, values: [10.0.0.0/8]}]",
            "matchArgs[0].operator: is DAddr, but the argument is of type int, which takes Equal,"
                + " NotEqual, GT, LT, Mask, InMap, NotInMap, InRange, NotInRange"),
        of(
            "matchArgs: [{index: 0, operator: Equal}]",
            "matchArgs[0].values: is missing, but Equal needs values"),
        of(
            "matchArgs: [{index: 3, operator: Equal, values: [1]}]",
            "matchArgs[0].values[0]: is the number 1, must be text: write it in quotes"),
        of(
            "matchArgs: [{index: 3, operator: Equal, values: [\"2147483648\", \"-0x1\", \"010\"]}]",
            "matchArgs[0].values[0]: is \"2147483648\", must be a number from -2147483648 to"
                + " 2147483647, decimal or hexadecimal with 0x",
            "matchArgs[0].values[1]: is \"-0x1\", must be a number from -2147483648 to"
                + " 2147483647, decimal or hexadecimal with 0x",
            "matchArgs[0].values[2]: is \"010\", must be a number from -2147483648 to"
                + " 2147483647, decimal or hexadecimal with 0x"),
        of(
            "matchArgs: [{index: 2, operator: LT, values: [\"-1\"]}]",
            "matchArgs[0].values[0]: is \"-1\", must be a number from 0 to 18446744073709551615,"
                + " decimal or hexadecimal with 0x"),
        of(
            "matchArgs: [{index: 2, operator: GT, values: [\"1\", \"2\"]}]",
            "matchArgs[0].values: has 2 values, but GT compares with one"),
        of(
            "matchArgs: [{index: 3, operator: Mask, values: [\"0\"]}]",
            "matchArgs[0].values[0]: is 0, a mask that never matches"),
        of(
            "matchArgs: [{index: 0, operator: Prefix, values: [" + "x".repeat(257) + "]}]",
            "matchArgs[0].values[0]: is 257 bytes long, at most 256 are compared"),
        of(
            "matchArgs: [{index: 0, operator: Postfix, values: [" + "ä".repeat(65) + "]}]",
            "matchArgs[0].values[0]: is 130 bytes long, at most 128 are compared"),
        of(
            "matchArgs: [{index: 0, operator: Prefix, values: [\"\"]}]",
            "matchArgs[0].values[0]: is empty: every text has that; leave the filter out"),
        of(
            "matchArgs: [{index: 0, operator: Equal, values: [\"a\\0b\"]}]",
            "matchArgs[0].values[0]: has a NUL within, which no string has"),
        of(
            "matchActions: [{action: Signal}]",
            "matchActions[0].argSig: is missing, but Signal needs a number from 1 to 64"),
        of(
            "matchActions: [{action: Signal, argSig: 65}]",
            "matchActions[0].argSig: is 65, must be from 0 to 64"),
        of(
            "matchActions: [{action: Kill}]",
            "matchActions[0].action: is \"Kill\"; did you mean \"Sigkill\"?"),
        of(
            "matchActions: [{action: Reboot}]",
            "matchActions[0].action: is \"Reboot\"; it is one of Post, NoPost, Sigkill, Signal,"
                + " Override, NotifyEnforcer, CleanupEnforcerNotification, Set, TrackSock,"
                + " UntrackSock, GetUrl, DnsLookup"),
        of(
            "matchActions: [{action: Post}, {action: NoPost}]",
            "matchActions: has Post and NoPost; keep one of them"),
        of(
            "matchActions: [{action: Sigkill, rateLimit: 1m}]",
            "matchActions[0].rateLimit: belongs to the action Post"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void whatCannotBeDoneYetSaysSo(String fields, String path) {
    assertThat(Policies.refused(Policies.ofKprobe(fields)))
        .singleElement()
        .satisfies(problem -> {
          assertThat(problem.kind()).isEqualTo(Kind.UNSUPPORTED);
          assertThat(problem.path()).isEqualTo("spec.kprobes[0]." + path);
          assertThat(problem.message()).startsWith("not supported yet: ");
        });
  }

  static Stream<Arguments> whatCannotBeDoneYetSaysSo() {
    return Stream.of(
        arguments("syscall: false\nargs: [{index: 0, type: cred}]", "args[0].type"),
        arguments("syscall: false\nargs: [{index: 6, type: int}]", "args[0].index"),
        arguments("return: true\nreturnArg: {index: 0}", "returnArg.type"),
        arguments("args: [{index: 0, type: cred}]", "args[0].type"),
        arguments("return: true\nreturnArg: {index: 0, type: string}", "returnArg.type"),
        arguments(
            ARGS + "selectors: [{matchArgs: [{index: 0, operator: SubString, values: [a]}]}]",
            "selectors[0].matchArgs[0].operator"),
        arguments(
            ARGS + "selectors: [{matchArgs: [{index: 0, operator: Equal, values: [\"\"]}]}]",
            "selectors[0].matchArgs[0].values[0]"),
        arguments(
            "selectors: [{matchParentBinaries: [{operator: In, values: [/a], followChildren:"
                + " true}]}]",
            "selectors[0].matchParentBinaries[0].followChildren"),
        arguments(
            "selectors: [{matchBinaries: [{operator: In, values: [/" + "x".repeat(255) + "]}]}]",
            "selectors[0].matchBinaries[0].values[0]"),
        arguments(ARGS + "selectors: [" + crowded().repeat(16) + "]", "selectors"),
        arguments(
            "selectors: [{matchActions: [{action: Sigkill}, {action: Signal, argSig: 10}]}]",
            "selectors[0].matchActions[1].action"));
  }

  /** A selector with 17 filters. */
  private static String crowded() {
    var filter = "{index: 3, operator: LT, values: [\"1\"]}, ";
    return "{matchArgs: ["
        + filter.repeat(16)
        + "], matchPIDs: [{operator: In, values: [1, 2, 3, 4, 5]}]}, ";
  }

  private static Arguments of(String given, String... answers) {
    return arguments(given, answers);
  }
}
