package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabelSelectorTest {
  private static final Map<String, String> NODE = Map.of("pool", "edge", "zone", "");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | true",
        "{matchLabels: {pool: edge}} | true",
        "{matchLabels: {pool: core}} | false",
        "{matchLabels: {pool: edge, spot: 'yes'}} | false",
        "{matchLabels: {zone: ''}} | true",
        "{matchExpressions: [{key: pool, operator: In, values: [core, edge]}]} | true",
        "{matchExpressions: [{key: pool, operator: NotIn, values: [core]}]} | true",
        "{matchExpressions: [{key: pool, operator: NotIn, values: [edge]}]} | false",
        "{matchExpressions: [{key: spot, operator: NotIn, values: [a]}]} | true",
        "{matchExpressions: [{key: zone, operator: Exists}]} | true",
        "{matchExpressions: [{key: spot, operator: Exists}]} | false",
        "{matchExpressions: [{key: spot, operator: DoesNotExist}]} | true",
        "{matchLabels: {pool: edge}, matchExpressions: [{key: spot, operator: Exists}]} | false",
      })
  void nodesAreSelectedByKubernetesRules(String selector, boolean selected) {
    var policy =
        Policies.accepted(
            Policies.ofSpec("nodeSelector: " + selector + "\nkprobes: [{call: sys_write}]"));

    assertThat(policy.nodeSelector().selects(NODE)).isEqualTo(selected);
  }
}
