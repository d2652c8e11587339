package dev.skep.operator.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.nodeconfig.NodeConfig;
import dev.skep.policy.PolicyReader;
import dev.skep.policy.Reading;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PolicyBookTest {
  private static final String WATCH =
      """
      {"kprobes": [{"call": "sys_write", "syscall": true, "args": [{"index": 0, "type": "fd"}]}]}\
      """;
  private static final String ON_SSD =
      WATCH.replaceFirst("\\{", "{\"nodeSelector\": {\"matchLabels\": {\"disk\": \"ssd\"}},");

  private final PolicyBook book = new PolicyBook();

  @Test
  void aNodeGetsThePoliciesThatSelectItInOneOrderWhateverTheirOwn() {
    var everywhere = policy("b", 1, WATCH);
    var onSsd = policy("a", 3, ON_SSD);
    var accepted = book.accepted(Stream.of(everywhere, onSsd));

    var ssd = NodePlan.of(node(Map.of("disk", "ssd")), accepted);
    var other = NodePlan.of(node(Map.of()), accepted);

    assertThat(ssd.policies()).extracting(NodeConfig.Entry::uid).containsExactly("uid-a", "uid-b");
    assertThat(other.policies()).extracting(NodeConfig.Entry::uid).containsExactly("uid-b");
    assertThat(NodePlan.of(node(Map.of("disk", "ssd")), accepted.reversed()).encode())
        .isEqualTo(ssd.encode());
  }

  @Test
  void theAgentReadsInItsConfigMapWhatTheOperatorRead() throws Exception {
    var accepted = book.accepted(Stream.of(policy("a", 3, WATCH)));

    var entry =
        NodeConfig.decode(NodePlan.of(node(Map.of()), accepted).encode()).policies().getFirst();
    var reading = PolicyReader.read(json(entry.document()));

    assertThat(entry.generation()).isEqualTo(3);
    assertThat(reading).isEqualTo(new Reading.Accepted(accepted.getFirst().policy()));
  }

  @Test
  void whatCannotBeCarriedOutGoesToNoNode() {
    var typo = policy("typo", 1, WATCH.replace("sys_write", "sys_wriet"));
    var unknownField = policy("newer", 1, WATCH.replaceFirst("\\{", "{\"fromTheFuture\": 1,"));
    var malformed = policy("malformed", 1, "{\"kprobes\": 7}");

    assertThat(book.accepted(Stream.of(typo, unknownField, malformed))).isEmpty();
    assertThat(book.read(unknownField)).isInstanceOf(Reading.Refused.class);
  }

  @Test
  void aPolicyWithoutSpecIsRefused() {
    var empty = new PolicyDocument("skep.dev/v1alpha1", "TracingPolicy", null, "e", "u", 1, null);

    assertThat(book.read(empty)).isInstanceOf(Reading.Refused.class);
  }

  @Test
  void aGenerationIsReadOnceAndTheNextOneAnew() {
    var first = book.read(policy("a", 1, WATCH));

    assertThat(book.read(policy("a", 1, WATCH))).isSameAs(first);
    assertThat(book.read(policy("a", 2, "{}"))).isInstanceOf(Reading.Refused.class);
  }

  @Test
  void aPolicyThatNoConfigMapCanCarryIsRefused() {
    var values = "\"%s\"".formatted("x".repeat(PolicyBook.MAX_DOCUMENT_BYTES));
    var huge = policy("huge", 1, WATCH.replaceFirst("\\{", "{\"tags\": [" + values + "],"));

    assertThat(book.read(huge))
        .isInstanceOfSatisfying(
            Reading.Refused.class,
            refused -> assertThat(refused.problems().getFirst().message()).contains("split it"));
  }

  @Test
  void onlySoManyAreRemembered() {
    var recent = new Recent<String, Integer>(2);
    recent.put("a", 1);
    recent.put("b", 2);
    assertThat(recent.peek("a")).isEqualTo(1);

    assertThat(recent.get("c", () -> 3)).isEqualTo(3);

    assertThat(recent.peek("b")).isNull();
    assertThat(recent.peek("a")).isEqualTo(1);
    recent.forget("a");
    assertThat(recent.peek("a")).isNull();
  }

  private static NodeFacts node(Map<String, String> labels) {
    return new NodeFacts("node", "node-uid", labels);
  }

  private static PolicyDocument policy(String name, long generation, String spec) {
    return new PolicyDocument(
        "skep.dev/v1alpha1", "TracingPolicy", null, name, "uid-" + name, generation, json(spec));
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }
}
