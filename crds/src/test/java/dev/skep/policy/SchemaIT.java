package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a real API server makes of the CRDs. */
@NeedsControlPlane
class SchemaIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ControlPlane CLUSTER = ControlPlane.shared();

  @BeforeAll
  static void installTheDefinitions() {
    var folder = Path.of(System.getProperty("basedir", "."), "..", "config", "crd");
    CLUSTER.kubectl("apply", "--server-side", "-k", folder.toString());
    CLUSTER.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s");
  }

  @Test
  void theWholeLanguageIsStoredUnpruned() throws Exception {
    CLUSTER.apply(Policies.wholeLanguage());

    var stored = JSON.readTree(CLUSTER.kubectl("get", "tp", "whole-language", "-o", "json"));
    var written = DocumentParser.parse(Policies.wholeLanguage()).getFirst();
    assertThat(stored.get("spec")).isEqualTo(JSON.readTree(written.get("spec").toString()));
  }

  @Test
  void samplesOfTheLanguageReachTheOperatorUnchanged() throws Exception {
    for (var sample : Policies.languageSamples()) {
      CLUSTER.apply(sample);
      var written = DocumentParser.parse(sample).getFirst();
      var stored =
          JSON.readTree(
              CLUSTER.kubectl(
                  "get",
                  written.get("kind").asText().toLowerCase(Locale.ROOT),
                  written.at("/metadata/name").asText(),
                  "-o",
                  "json"));

      assertThat(PolicyReader.readTree(stored)).isInstanceOf(TreeReading.Understood.class);
      assertThat(stored.get("spec")).isEqualTo(JSON.readTree(written.get("spec").toString()));
    }
  }

  @Test
  @Tag("policies-of-others")
  @EnabledIfSystemProperty(
      named = "policies.folder",
      matches = ".+",
      disabledReason = "no -Dpolicies.folder with other people's policies was given")
  void policiesOfOthersAreStoredOnceTheyNameOurGroup() throws IOException {
    for (var file : PoliciesOfOthersTest.files()) {
      var policy = Files.readString(file).replace("cilium.io/v1alpha1", "skep.dev/v1alpha1");

      var answer = CLUSTER.tryApply(CLUSTER.kubeconfig(), policy);

      assertThat(answer.err()).as(file.toString()).isEmpty();
      assertThat(answer.exitCode()).as(file.toString()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "{} | watches nothing: add kprobes or another list of hooks",
        "{kprobes: [{call: sys_write, return: true}]}"
            + " | return is true, but returnArg is missing: add {index: 0, type: int}",
        "{kprobes: [{syscall: true}]} | spec.kprobes[0].call: Required value",
        "{kprobes: [{call: sys_write, args: [{index: 0, type: itn}]}]}"
            + " | spec.kprobes[0].args[0].type: Unsupported value: \"itn\"",
        "{kprobes: [{call: sys_write, args: [{index: 64, type: int}]}]}"
            + " | spec.kprobes[0].args[0].index: Invalid value: 64",
        "{kprobes: [{call: sys_write, selectors: [{matchActions: [{action: Signal}]}]}]}"
            + " | Signal needs argSig, a number from 1 to 64",
        "{mode: watch, kprobes: [{call: sys_write}]} | spec.mode: Unsupported value: \"watch\"",
        "{mode: enforce, options: [{name: policy-mode, value: monitor}],"
            + " kprobes: [{call: sys_write}]}"
            + " | mode and the option policy-mode differ: keep one of them",
        "{hostSelector: {matchLabels: {a: b}}, kprobes: [{call: sys_write}]}"
            + " | hostSelector can only be {}",
        "{containerSelector: {matchLabels: {image: a}}, kprobes: [{call: sys_write}]}"
            + " | containers are chosen by name and repo",
        "{containerSelector: {matchExpressions: [{key: image, operator: Exists}]},"
            + " kprobes: [{call: sys_write}]}"
            + " | spec.containerSelector.matchExpressions[0].key: Unsupported value: \"image\"",
        "{uprobes: [{path: /bin/sh, symbols: [main], offsets: [1]}]}"
            + " | needs exactly one of symbols, offsets and addrs",
        "{nodeSelector: {matchExpressions: [{key: a, operator: In}]},"
            + " kprobes: [{call: sys_write}]}"
            + " | In and NotIn need values, Exists and DoesNotExist take none",
      })
  void aMistakeIsRefusedByTheServerInPlainWords(String spec, String answer) {
    var output = CLUSTER.tryApply(CLUSTER.kubeconfig(), Policies.ofSpec(spec));

    assertThat(output.exitCode()).isNotZero();
    assertThat(output.err()).contains(answer);
  }

  @Test
  void aNamespacedPolicyHasNoHostSelector() {
    var output =
        CLUSTER.tryApply(
            CLUSTER.kubeconfig(),
            Policies.ofSpec("{hostSelector: {}, kprobes: [{call: sys_write}]}")
                .replace("kind: TracingPolicy", "kind: TracingPolicyNamespaced"));

    assertThat(output.exitCode()).isNotZero();
    assertThat(output.err()).contains("hostSelector belongs to a TracingPolicy");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "podSelector: {}",
        "podSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': sales, app: shop}}",
        "containerSelector: {matchLabels: {repo: 'localhost:5000/a/b', name: main}}",
        "hostSelector: {}",
        "hostSelector: {matchLabels: {}}",
      })
  void selectorsReachTheOperatorAsTheyWereWritten(String selector) throws Exception {
    var policy = Policies.ofSpec("{" + selector + ", kprobes: [{call: sys_write}]}");
    CLUSTER.apply(policy.replace("tried", "scoped"));

    var stored = CLUSTER.kubectl("get", "tp", "scoped", "-o", "json");
    var reading = PolicyReader.read(JSON.readTree(stored));
    CLUSTER.kubectl("delete", "tp", "scoped");

    assertThat(reading)
        .isInstanceOfSatisfying(
            Reading.Accepted.class,
            accepted ->
                assertThat(accepted.policy().scope()).isEqualTo(Policies.accepted(policy).scope()));
  }

  @Test
  void aPolicyNeedsASpec() {
    var output =
        CLUSTER.tryApply(
            CLUSTER.kubeconfig(),
            "{apiVersion: skep.dev/v1alpha1, kind: TracingPolicy, metadata: {name: hollow}}");

    assertThat(output.exitCode()).isNotZero();
    assertThat(output.err()).contains("spec: Required value");
  }

  @Test
  void theColumnsShowTheStatus() throws JsonProcessingException {
    CLUSTER.apply(Policies.ofSpec("kprobes: [{call: sys_write}]").replace("tried", "shown"));
    CLUSTER.kubectl(
        "patch",
        "tp",
        "shown",
        "--subresource=status",
        "--type=merge",
        "-p",
        """
        {"status": {"mode": "enforce", "nodes": {"summary": "1/2"}, "events": {"total": 3},
          "violations": {"total": 2}, "lastViolationTime": "2020-01-01T00:00:00.123456Z",
          "conditions": [
            {"type": "Accepted", "status": "True"},
            {"type": "Ready", "status": "False", "message": "1 node lacks BTF"}]}}
        """);

    assertThat(columns("get", "tp", "shown"))
        .isDeepEqualTo(
            new String[][] {
              {"NAME", "MODE", "READY", "NODES", "EVENTS", "VIOLATIONS", "LAST-VIOLATION", "AGE"},
              {"shown", "enforce", "False", "1/2", "3", "2", "y", "s"}
            });
    assertThat(CLUSTER.kubectl("get", "tp", "shown", "-o", "wide"))
        .containsPattern("LAST-VIOLATION +MESSAGE +AGE")
        .contains("1 node lacks BTF");
  }

  @Test
  void kubectlExplainsTheFields() {
    assertThat(CLUSTER.kubectl("explain", "tp.spec.kprobes.args.sizeArgIndex"))
        .contains("Which argument holds the length of this one, from 1");
  }

  /** Of times only the unit that is shown: they pass. */
  private static String[][] columns(String... kubectl) {
    return CLUSTER
        .kubectl(kubectl)
        .lines()
        .map(line ->
            Arrays.stream(line.strip().split(" +"))
                .map(cell -> cell.replaceFirst("^[0-9]+(y|m|s).*$", "$1"))
                .toArray(String[]::new))
        .toArray(String[][]::new);
  }
}
