package dev.skep.e2e;

import static dev.skep.e2e.RunningSkep.NAMESPACE;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.cluster.NeedsControlPlane;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** That config/roles grants what operator and agent need, and nothing else. */
@NeedsControlPlane
@NeedsKernel
@ExtendWith(LogsOfFailure.class)
class RightsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final String AGENT = "skep-agent";
  private static final String OPERATOR = "skep-operator";
  private static final String POLICY = "uses-all";
  private static final List<String> ASKED_FOR_AT_THE_END = List.of("namespaces", "daemonsets");

  static RunningSkep skep;

  @BeforeAll
  static void start(@TempDir Path folder) {
    skep = RunningSkep.start("rights-node");
    await().atMost(PATIENCE).until(() -> skep.nodeState().isPresent());
    skep.stopAgent();
    skep.apply(
        """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: {name: skep-agent, namespace: skep-system}
        spec:
          selector: {matchLabels: {app: none}}
          template:
            metadata: {labels: {app: none}}
            spec:
              nodeSelector: {no/such: node}
              containers: [{name: none, image: none}]
        """);
    skep.startAgent("--daemonset", AGENT);
    skep.apply(Policies.protect(POLICY, folder.resolve("ledger.txt")));
    await().atMost(PATIENCE).until(() -> skep.condition(POLICY, "Ready").equals("True"));
    skep.cluster.kubeconfigOf(NAMESPACE, AGENT, "other-node"); // there are a Node and its pod now
    skep.apply(
        """
        {apiVersion: skep.dev/v1alpha1, kind: TracingNodeState, metadata: {name: other-node}}
        """);
  }

  @AfterAll
  static void stop() {
    skep.close();
  }

  @Test
  void everyRightIsUsed() throws IOException {
    skep.apply(
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicyNamespaced
        metadata: {name: uses-all, namespace: default}
        spec: {kprobes: [{call: sys_write, args: [{index: 0, type: fd}]}]}
        """);
    tellOfViolation("first");
    await().atMost(PATIENCE).until(() -> events().contains("first by"));
    tellOfViolation("first");
    await().atMost(PATIENCE).until(() -> events().contains("\"count\":2"));
    skep.stopOperator();
    skep.startOperator();
    skep.stopAgent();
    skep.startAgent("--daemonset", AGENT);
    var granted =
        Stream.of(rulesOfTheOperator(), rulesOfTheAgent())
            .flatMap(List::stream)
            .flatMap(rule -> rule.rights().map(right -> rule.role() + " can " + right))
            .toList();

    await().atMost(PATIENCE).untilAsserted(() -> assertThat(used()).containsAll(granted));
    skep.cluster.kubectl("delete", "tracingpolicynamespaced", POLICY);
  }

  @ParameterizedTest
  @MethodSource("rulesOfTheOperator")
  void withoutARuleTheOperatorSaysWhatItMayNot(Rule rule) {
    skep.stopOperator();
    tellOfViolation(rule.kind() + rule.index());
    rule.withdrawnWhile(() -> {
      int before = skep.log(OPERATOR).length();
      skep.startOperator();
      awaitRefusal(rule, OPERATOR, before);
    });
  }

  @ParameterizedTest
  @MethodSource("rulesOfTheAgent")
  void withoutARuleTheAgentSaysWhatItMayNot(Rule rule) {
    skep.stopAgent();
    skep.cluster.kubectl("delete", "tracingnodestate", skep.node, "--ignore-not-found");
    rule.withdrawnWhile(() -> {
      int before = skep.log(AGENT).length();
      skep.startAgent("--daemonset", AGENT);
      if (rule.isAbout(ASKED_FOR_AT_THE_END)) {
        await().atMost(PATIENCE).until(() -> skep.nodeState().isPresent());
        skep.stopAgent();
      }
      awaitRefusal(rule, AGENT, before);
    });
    skep.stopAgent();
    skep.startAgent("--daemonset", AGENT);
  }

  static List<Rule> rulesOfTheOperator() {
    return rulesOf(OPERATOR);
  }

  static List<Rule> rulesOfTheAgent() {
    return rulesOf(AGENT);
  }

  private static List<Rule> rulesOf(String account) {
    return Stream.of("clusterrole", "role").flatMap(kind -> Rule.of(kind, account)).toList();
  }

  private static void awaitRefusal(Rule rule, String program, int from) {
    await(rule.toString())
        .atMost(PATIENCE)
        .until(() -> rule.refusal().matcher(skep.log(program).substring(from)).find());
  }

  /** The other node does, of its pod. */
  private static void tellOfViolation(String hook) {
    var pod = object("-n", NAMESPACE, "get", "pod", AGENT + "-other-node");
    var policy = object("get", "tracingpolicy", POLICY);
    skep.cluster.kubectl(
        "patch",
        "tracingnodestate",
        "other-node",
        "--subresource=status",
        "--type=merge",
        "-p",
        """
        {"status": {"nodeName": "other-node", "policies": [{"uid": "%1$s", "state": "Loaded"}], "recentViolations": [{
          "time": "%2$s", "policyUid": "%1$s", "node": "other-node", "namespace": "%3$s", "pod": "%4$s", "podUID": "%5$s",
          "pid": 1, "binary": "/bin/none", "hook": "%6$s", "action": "Sigkill", "enforced": true}]}}
        """
            .formatted(
                policy.at("/metadata/uid").asText(),
                Instant.now(),
                NAMESPACE,
                pod.at("/metadata/name").asText(),
                pod.at("/metadata/uid").asText(),
                hook));
  }

  private static String events() {
    return object("-n", NAMESPACE, "get", "events.events.k8s.io").toString();
  }

  static JsonNode object(String... arguments) {
    return json(
        skep.cluster.kubectl(
            Stream.concat(Arrays.stream(arguments), Stream.of("-o", "json"))
                .toArray(String[]::new)));
  }

  /** {@code ACCOUNT can VERB resource "RESOURCE"}: what the API server let them do so far. */
  private static Set<String> used() throws IOException {
    try (var requests = Files.lines(skep.cluster.folder().resolve("audit.log"))) {
      return requests
          .map(RightsIT::json)
          .filter(request -> request.at("/responseStatus/code").asInt() != 403)
          .map(request -> {
            var object = request.get("objectRef");
            var account = request.at("/user/username").asText();
            return "%s can %s resource \"%s%s\""
                .formatted(
                    account.substring(account.lastIndexOf(':') + 1),
                    request.get("verb").asText(),
                    object == null ? "none" : object.at("/resource").asText(),
                    object == null || !object.has("subresource")
                        ? ""
                        : "/" + object.get("subresource").asText());
          })
          .collect(toSet());
    }
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(text, e);
    }
  }
}
