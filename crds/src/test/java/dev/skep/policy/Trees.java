package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.policy.Reading.Kind;
import dev.skep.policy.Reading.Problem;
import dev.skep.policy.ast.Kprobe;
import dev.skep.policy.ast.Matching;
import dev.skep.policy.ast.PolicyHook;
import java.util.List;

/** Policies as the language understands them. */
final class Trees {
  private Trees() {}

  static TreeReading read(String text) {
    return PolicyReader.readTree(document(text));
  }

  private static JsonNode document(String text) {
    try {
      return DocumentParser.parse(text).getFirst();
    } catch (MalformedDocumentException e) {
      throw new AssertionError(text, e);
    }
  }

  static PolicyTree understood(String text) {
    var reading = read(text);
    assertThat(reading).isInstanceOf(TreeReading.Understood.class);
    return ((TreeReading.Understood) reading).tree();
  }

  static List<Problem> refused(String text) {
    var reading = read(text);
    assertThat(reading).isInstanceOf(TreeReading.Refused.class);
    return ((TreeReading.Refused) reading).problems();
  }

  /** As lines, all of which say that the policy is wrong. */
  static List<String> wrong(String text) {
    var problems = refused(text);
    assertThat(problems).extracting(Problem::kind).containsOnly(Kind.INVALID);
    return problems.stream().map(Problem::toString).toList();
  }

  /** The only hook of a policy with this spec. */
  static PolicyHook hook(String spec) {
    var hooks = understood(Policies.ofSpec(spec)).hooks();
    assertThat(hooks).hasSize(1);
    return hooks.getFirst();
  }

  /** A hook on a function of the kernel, with these further fields. */
  static String function(String fields) {
    return "kprobes: [{call: vfs_open, syscall: false, " + fields + "}]";
  }

  /** A filter on the only argument of a function, of that type. */
  static String filter(String type, String operator, String values) {
    return function(
        "args: [{index: 0, type: %s, sizeArgIndex: %s}], selectors: [{matchArgs: [{index: 0, operator: %s%s}]}]"
            .formatted(
                type,
                type.equals("char_buf") || type.equals("char_iovec") ? "3" : "0",
                operator,
                values.isEmpty() ? "" : ", values: [" + values + "]"));
  }

  static Matching matching(String type, String operator, String values) {
    var hook = (Kprobe) hook(filter(type, operator, values));
    return hook.selectors().getFirst().arguments().getFirst().matching();
  }
}
