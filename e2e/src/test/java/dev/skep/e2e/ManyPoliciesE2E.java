package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.apply;
import static dev.skep.e2e.InstalledSkep.awaitReady;
import static dev.skep.e2e.InstalledSkep.awaitThat;
import static dev.skep.e2e.InstalledSkep.execute;
import static dev.skep.e2e.InstalledSkep.get;
import static dev.skep.e2e.InstalledSkep.idlePod;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.namespace;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** More policies than a person reads, and more than a node can hold. */
class ManyPoliciesE2E {
  private static final String TENANT = "many";
  private static final List<String> PODS = List.of("first", "second");

  /** Of each pod: a system call takes 32 hooks in one place. */
  private static final int EACH = 25;

  @BeforeAll
  static void makePods() {
    namespace(TENANT);
    for (var pod : PODS) {
      idlePod(TENANT, pod, "app: " + pod);
    }
  }

  @AfterAll
  static void removePods() {
    kubectl("delete", "namespace", TENANT, "--wait=false");
  }

  @Test
  void fiftyPoliciesAppliedAtOnceAllActAndEachCountsItsOwn() {
    var expected = new TreeMap<String, Integer>();
    var policies = new StringBuilder();
    for (var pod : PODS) {
      for (int i = 1; i <= EACH; i++) {
        policies.append("---\n").append(protection(pod, i));
        expected.put(pod + "-" + i, i);
      }
    }
    apply(policies.toString());
    awaitThat(ManyPoliciesE2E::ready, ready -> ready.equals(expected.keySet()));

    for (var pod : PODS) {
      execute(
          TENANT,
          pod,
          """
          for file in $(seq %d); do for i in $(seq $file); do
            sh -c "echo stolen >>/data/$file" 2>/dev/null
          done; done; exit 0\
          """
              .formatted(EACH));
    }
    awaitThat(ManyPoliciesE2E::told, told -> told.equals(expected));
    kubectl("delete", "tracingpolicynamespaced", "--all", "-n", TENANT);
  }

  private static Set<String> ready() {
    return policies()
        .filter(policy -> Statuses.condition(policy, "Ready").equals("True"))
        .map(ManyPoliciesE2E::name)
        .collect(Collectors.toSet());
  }

  /** How many violations of each policy. */
  private static Map<String, Integer> told() {
    return policies()
        .collect(
            Collectors.toMap(
                ManyPoliciesE2E::name, policy -> policy.at("/status/violations/enforced").asInt()));
  }

  private static Stream<JsonNode> policies() {
    var items = get("tracingpoliciesnamespaced", "-n", TENANT).at("/items");
    return StreamSupport.stream(items.spliterator(), false);
  }

  private static String name(JsonNode policy) {
    return policy.at("/metadata/name").asText();
  }

  private static String protection(String pod, int file) {
    return """
    apiVersion: skep.dev/v1alpha1
    kind: TracingPolicyNamespaced
    metadata: {name: %1$s-%3$d, namespace: %2$s}
    spec:
      podSelector: {matchLabels: {app: %1$s}}
      kprobes:
      - call: sys_write
        args: [{index: 0, type: fd}]
        selectors:
        - matchArgs: [{index: 0, operator: Equal, values: [/data/%3$d]}]
          matchActions: [{action: Sigkill}]
    """
        .formatted(pod, TENANT, file);
  }

  @Test
  void aNodeThatHasNoRoomForAPolicyIsNamedWithTheReasonAndLoadsItWhenThereIsRoom() {
    var crowded = firstNode();
    apply(
        watching(
            "crowd",
            32,
            "nodeSelector: {matchLabels: {kubernetes.io/hostname: %s}}".formatted(crowded)));
    try {
      awaitReady("tracingpolicy", "crowd");
      apply(watching("one-more", 1, ""));
      var status =
          awaitThat(
              () -> get("tracingpolicy", "one-more"),
              policy -> policy.at("/status/nodes/failed").asInt() == 1);
      assertThat(Statuses.condition(status, "Accepted")).isEqualTo("True");
      assertThat(Statuses.condition(status, "Ready")).isEqualTo("False");
      var issue = status.at("/status/issues/0");
      assertThat(issue.at("/sampleNodes/0").asText()).isEqualTo(crowded);
      assertThat(issue.at("/message").asText()).contains("at most 32 are supported");
      assertThat(kubectl("describe", "tracingpolicy", "one-more")).contains("at most 32", crowded);
    } finally {
      kubectl("delete", "tracingpolicy", "crowd");
    }
    try {
      awaitReady("tracingpolicy", "one-more");
    } finally {
      kubectl("delete", "tracingpolicy", "one-more");
    }
  }

  private static String firstNode() {
    return get("nodes").at("/items/0/metadata/name").asText();
  }

  /** Hooks on a system call that is hardly ever used. */
  private static String watching(String name, int hooks, String selector) {
    return """
    apiVersion: skep.dev/v1alpha1
    kind: TracingPolicy
    metadata: {name: %s}
    spec:
      %s
      kprobes:
    %s
    """
        .formatted(
            name,
            selector,
            IntStream.range(0, hooks)
                .mapToObj(_ -> "  - {call: sys_ioprio_get}")
                .collect(Collectors.joining("\n")));
  }
}
