package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skep.policy.Reading.Problem;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is read, it ends soon with an answer that can be printed in a few lines. */
class HostileInputTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String PUNCTUATION = "&*[]{}:-,?!|>'\"%@`#\n\t 0";
  private static final Duration SOON = Duration.ofSeconds(5);

  private static final List<String> WORDS =
      List.of(
          "",
          "0",
          "-1",
          "0x",
          "99999999999999999999",
          "Equal",
          "Mask",
          "Prefix",
          "In",
          "NotIn",
          "int",
          "fd",
          "string",
          "char_buf",
          "nop",
          "size_t",
          "Sigkill",
          "Signal",
          "Post",
          "sys_write",
          "list:x",
          "list:dups",
          "10.0.0.0/8",
          "1:5",
          "CAP_SYS_ADMIN",
          "CapabilitiesGained",
          "InMap",
          "sock",
          "auto",
          "syscall64",
          "Override",
          "TrackSock",
          "/",
          "a\0b",
          "\u202e\u001b[2J",
          "\ud800",
          "x".repeat(5000));

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void mutatedTreesAreAnswered(long seed) throws MalformedDocumentException {
    var random = new Random(seed);
    var supported = DocumentParser.parse(Policies.supported()).getFirst();
    var whole = DocumentParser.parse(Policies.wholeLanguage()).getFirst();
    var samples = new ArrayList<JsonNode>();
    for (var sample : Policies.samples()) {
      samples.add(DocumentParser.parse(sample).getFirst());
    }
    int accepted = 0;
    for (int i = 0; i < 1_500; i++) {
      var original =
          switch (random.nextInt(5)) {
            case 0 -> whole;
            case 1, 2 -> samples.get(random.nextInt(samples.size()));
            default -> supported;
          };
      JsonNode tree = original.deepCopy();
      int mutations = 1 + random.nextInt(3);
      for (int m = 0; m < mutations; m++) {
        mutate(tree, random);
      }
      accepted += check(PolicyReader.read(tree)) ? 1 : 0;
      check(PolicyReader.readTree(tree));
    }
    // A mutation that touches nothing that matters is rare, but so many have some.
    assertThat(accepted).isPositive();
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12})
  void mutatedTextsAreAnswered(long seed) {
    var random = new Random(seed);
    var samples = Policies.samples();
    for (int i = 0; i < 1_000; i++) {
      var text =
          new StringBuilder(
              switch (random.nextInt(3)) {
                case 0 -> Policies.supported();
                case 1 -> Policies.wholeLanguage();
                default -> samples.get(random.nextInt(samples.size()));
              });
      int mutations = 1 + random.nextInt(4);
      for (int m = 0; m < mutations; m++) {
        mutate(text, random);
      }
      PolicyReader.readText(text.toString()).forEach(HostileInputTest::check);
    }
  }

  static Stream<String> bombs() {
    var laughs =
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + IntStream.range(1, 12)
                .mapToObj(
                    i -> "a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(9)))
                .reduce("", String::concat);
    return Stream.of(
        laughs,
        "a: &a [*a]",
        "a: &a {b: *a}",
        "? [a, b]\n: c",
        "[".repeat(100_000),
        "{".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "- ".repeat(100_000),
        "a: ".repeat(50_000),
        "---\n".repeat(500_000),
        Policies.ofSpec("kprobes: [{call: " + "x".repeat(1 << 20) + "}]"),
        Policies.ofKprobe("message: \"" + "\\0".repeat(1 << 20) + "\""),
        Policies.ofSpec(
            IntStream.range(0, 100_000)
                .mapToObj(i -> "f" + i + ": 1\n")
                .reduce(new StringBuilder(), StringBuilder::append, StringBuilder::append)
                .toString()),
        Policies.ofSpec("kprobes:\n" + "- {call: sys_nothing}\n".repeat(50_000)),
        manyWrongValues("lists", "{name: l%d, type: syscalls, values: [%s]}", "sys_wirte"),
        manyWrongValues(
            "kprobes",
            "{call: f%d, syscall: false, args: [{index: 0, type: cap_effective}], selectors:"
                + " [{matchArgs: [{index: 0, operator: Mask, values: [%s]}]}]}",
            "CAP_SYS_ADMNI"),
        manyWrongValues(
            "kprobes",
            "{call: f%d, syscall: false, args: [{index: 0, type: int}], selectors: [{matchArgs:"
                + " [{index: 0, operator: InMap, values: [%s]}]}]}",
            "'list:nobody-knows'"),
        "1".repeat(1 << 20),
        "a: 1e999999999",
        "a: !!int abc",
        "a: !!binary abc",
        "a: !!java.util.Date 2020",
        "a: !<tag:yaml.org,2002:float> .inf",
        "<<: {a: b}",
        "\ud800",
        "\u0000",
        "\t",
        "%YAML 9.9\n---\na",
        "{\"a\": 1, \"a\": 2}",
        "a: 1\na: 2",
        "x".repeat((4 << 20) + 1));
  }

  /** As many as the limits allow, each of which could have been meant to be another. */
  private static String manyWrongValues(String field, String entry, String value) {
    var values = (value + ",").repeat(2_500);
    return Policies.ofSpec(
        IntStream.range(0, 60)
            .mapToObj(i -> "- " + entry.formatted(i, values))
            .collect(Collectors.joining("\n", field + ":\n", "\n")));
  }

  @ParameterizedTest(name = "bomb {index}")
  @MethodSource("bombs")
  void bombsAreRefusedSoon(String bomb) {
    var threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    var readings = PolicyReader.readText(bomb);

    assertThat(Duration.ofNanos(threads.getCurrentThreadCpuTime() - before)).isLessThan(SOON);
    assertThat(readings).isNotEmpty().noneMatch(HostileInputTest::check);
  }

  @Test
  void treesOfAnyDepthAreAnswered() {
    JsonNode deep = JSON.objectNode();
    for (int i = 0; i < 100_000; i++) {
      deep = i % 2 == 0 ? JSON.arrayNode().add(deep) : JSON.objectNode().set("kprobes", deep);
    }
    check(PolicyReader.read(deep));
    check(PolicyReader.read(JSON.objectNode().set("spec", deep)));
    check(PolicyReader.read(JSON.missingNode()));
    check(PolicyReader.read(JSON.nullNode()));
    check(PolicyReader.read(JSON.textNode("policy")));
    check(PolicyReader.read(JSON.pojoNode(new Object())));
  }

  static void check(TreeReading reading) {
    switch (reading) {
      case TreeReading.Understood(var tree) -> assertThat(tree.hooks()).isNotEmpty();
      case TreeReading.Refused(var problems) -> checkProblems(problems);
    }
  }

  private static void checkProblems(List<Problem> problems) {
    assertThat(problems.size()).isBetween(1, 101);
    problems.forEach(problem -> isALine(problem.path(), problem.toString()));
  }

  /** Whether it was accepted. */
  static boolean check(Reading reading) {
    return switch (reading) {
      case Reading.Accepted(var policy, var warnings) -> {
        assertThat(policy.hooks()).isNotEmpty();
        warnings.forEach(warning -> isALine(warning.path(), warning.toString()));
        yield true;
      }
      case Reading.Refused(var problems) -> {
        checkProblems(problems);
        yield false;
      }
    };
  }

  private static void isALine(String path, String line) {
    if (path.isEmpty()
        || line.length() > 2_000
        || line.codePoints().anyMatch(Character::isISOControl)) {
      throw new AssertionError("not fit to print: " + line);
    }
  }

  static void mutate(JsonNode root, Random random) {
    var containers = new ArrayList<JsonNode>();
    collect(root, containers);
    switch (containers.get(random.nextInt(containers.size()))) {
      case ObjectNode object -> mutate(object, random);
      case ArrayNode array -> mutate(array, random);
      case JsonNode other -> throw new AssertionError(other);
    }
  }

  private static void mutate(ObjectNode object, Random random) {
    var names = new ArrayList<String>();
    object.fieldNames().forEachRemaining(names::add);
    if (names.isEmpty() || random.nextInt(8) == 0) {
      object.set(WORDS.get(random.nextInt(WORDS.size())), value(random));
      return;
    }
    var name = names.get(random.nextInt(names.size()));
    switch (random.nextInt(4)) {
      case 0 -> object.remove(name);
      case 1 -> object.set(name + "s", object.get(name));
      case 2 -> object.set(name, JSON.arrayNode().add(object.get(name)));
      default -> object.set(name, value(random));
    }
  }

  private static void mutate(ArrayNode array, Random random) {
    if (array.isEmpty() || random.nextInt(3) == 0) {
      array.add(value(random));
    } else if (random.nextInt(2) == 0) {
      array.add(array.get(random.nextInt(array.size())).deepCopy());
    } else {
      array.set(random.nextInt(array.size()), value(random));
    }
  }

  private static JsonNode value(Random random) {
    return switch (random.nextInt(10)) {
      case 0 -> JSON.nullNode();
      case 1 -> JSON.booleanNode(random.nextBoolean());
      case 2 -> JSON.numberNode(random.nextInt(12) - 2);
      case 3 -> JSON.numberNode(random.nextLong());
      case 4 -> JSON.numberNode(BigInteger.TWO.pow(70));
      case 5 -> JSON.numberNode(BigDecimal.valueOf(random.nextDouble()));
      case 6 -> JSON.arrayNode();
      case 7 -> JSON.objectNode();
      default -> JSON.textNode(WORDS.get(random.nextInt(WORDS.size())));
    };
  }

  private static void collect(JsonNode node, List<JsonNode> containers) {
    if (node.isContainerNode()) {
      containers.add(node);
      node.forEach(child -> collect(child, containers));
    }
  }

  static void mutate(StringBuilder text, Random random) {
    int at = random.nextInt(text.length());
    switch (random.nextInt(5)) {
      case 0 -> text.deleteCharAt(at);
      case 1 -> text.insert(at, PUNCTUATION.charAt(random.nextInt(PUNCTUATION.length())));
      case 2 -> text.insert(at, WORDS.get(random.nextInt(WORDS.size())));
      case 3 -> text.setCharAt(at, (char) random.nextInt(0x10000));
      default -> text.delete(at, Math.min(text.length(), at + random.nextInt(200)));
    }
    if (text.isEmpty()) {
      text.append(' ');
    }
  }
}
