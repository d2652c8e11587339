package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.skep.policy.Reading.Problem;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ScopeTest {
  private static final Map<String, String> SHOP = Map.of("app", "shop", "tier", "web");

  @Test
  void withoutSelectorsItIsEverything() {
    assertThat(scope("{}")).isEqualTo(Scope.EVERYTHING);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // selectors | the host | a pod of shop in "sales" | one without labels in "sales"
        "{podSelector: {}} | false | true | true",
        "{podSelector: {matchLabels: {app: shop}}} | false | true | false",
        "{podSelector: {matchLabels: {app: bank}}} | false | false | false",
        "{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}"
            + " | false | false | true",
        "{podSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': sales}}}"
            + " | false | true | true",
        "{podSelector: {matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace',"
            + " operator: NotIn, values: [sales, kube-system]}]}} | false | false | false",
        "{containerSelector: {}} | false | true | true",
        "{containerSelector: {matchLabels: {name: main}}} | false | true | true",
        "{hostSelector: {}} | true | false | false",
        "{hostSelector: {}, podSelector: {}} | true | true | true",
        "{hostSelector: {}, podSelector: {matchLabels: {app: shop}}} | true | true | false",
        "{hostSelector: {}, containerSelector: {matchLabels: {name: main}}} | true | true | true",
      })
  void selectorsChooseTheHostAndPods(
      String selectors, boolean host, boolean shop, boolean unlabelled) {
    var scope = scope(selectors);

    assertThat(scope.host()).isEqualTo(host);
    assertThat(scope.choosesPod("sales", SHOP)).isEqualTo(shop);
    assertThat(scope.choosesPod("sales", Map.of())).isEqualTo(unlabelled);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | true",
        "{matchLabels: {name: main}} | true",
        "{matchLabels: {name: sidecar}} | false",
        "{matchLabels: {repo: docker.io/library/nginx}} | true",
        "{matchLabels: {name: main, repo: nginx}} | false",
        "{matchExpressions: [{key: repo, operator: In, values: [localhost:5000/shop,"
            + " docker.io/library/nginx]}]} | true",
        "{matchExpressions: [{key: name, operator: NotIn, values: [main]}]} | false",
      })
  void containersAreChosenByNameAndRepository(String selector, boolean chosen) {
    var scope = scope("{containerSelector: " + selector + "}");

    assertThat(scope.choosesContainer("main", "docker.io/library/nginx")).isEqualTo(chosen);
    assertThat(scope.choosesEveryContainer()).isEqualTo(selector.equals("{}"));
  }

  @Test
  void aNamespacedPolicyChoosesPodsOfItsNamespaceAlone() {
    var scope = scopeIn("sales", "{}");

    assertThat(scope.host()).isFalse();
    assertThat(scope.choosesEveryPod()).isFalse();
    assertThat(scope.choosesPod("sales", Map.of())).isTrue();
    assertThat(scope.choosesPod("bank", Map.of())).isFalse();
    // A pod cannot lie its way in: its namespace is what its object says, whatever its labels say.
    assertThat(scope.choosesPod("bank", Map.of(Scope.NAMESPACE, "sales"))).isFalse();
  }

  @Test
  void selectorsNarrowANamespacedPolicy() {
    var scope =
        scopeIn(
            "sales",
            "{podSelector: {matchLabels: {app: shop}}, containerSelector: {matchLabels: {name:"
                + " main}}}");

    assertThat(scope.choosesPod("sales", SHOP)).isTrue();
    assertThat(scope.choosesPod("sales", Map.of())).isFalse();
    assertThat(scope.choosesPod("bank", SHOP)).isFalse();
    assertThat(scope.choosesContainer("sidecar", "")).isFalse();
  }

  @Test
  void noScopeIsForTheHostAndForOneNamespace() {
    assertThatThrownBy(
            () -> new Scope("sales", LabelSelector.EVERYTHING, LabelSelector.EVERYTHING, true))
        .hasMessageContaining("sales");
  }

  @Test
  void theSameNameInTwoNamespacesAndForTheClusterAreThreePolicies() {
    var cluster = Policies.ofSpec("kprobes: [{call: sys_write}]");

    assertThat(
            Stream.of(cluster, inNamespace("sales", cluster), inNamespace("bank", cluster))
                .map(Policies::accepted)
                .map(Policy::uid))
        .doesNotHaveDuplicates()
        .allSatisfy(uid -> assertThat(uid).hasSizeLessThanOrEqualTo(39));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void aWrongSelectorIsAnsweredWith(String selectors, String... answers) {
    assertThat(Policies.refused(policy(selectors)))
        .extracting(Problem::toString)
        .containsExactly(answers);
  }

  static Stream<Arguments> aWrongSelectorIsAnsweredWith() {
    return Stream.of(
        of(
            "{podSelector: {matchLabels: {-app: shop}}}",
            "spec.podSelector.matchLabels.-app: is \"-app\", must be the key of a label, such as"
                + " app or example.org/tier"),
        of(
            "{podSelector: {matchLabels: {example..org/tier: web}}}",
            "spec.podSelector.matchLabels.example..org/tier: is \"example..org/tier\", must be the"
                + " key of a label, such as app or example.org/tier"),
        of(
            "{podSelector: {matchLabels: {app: a shop}}}",
            "spec.podSelector.matchLabels.app: is \"a shop\", must be the value of a label: at most"
                + " 63 letters, digits, \"-\", \"_\" and \".\", with a letter or digit at both"
                + " ends"),
        of(
            "{podSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': Sales}}}",
            "spec.podSelector.matchLabels.k8s:io.kubernetes.pod.namespace: is \"Sales\", must be"
                + " the name of a namespace: at most 63 lower case letters, digits and \"-\", with"
                + " a letter or digit at both ends"),
        of(
            "{nodeSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': sales}}}",
            "spec.nodeSelector.matchLabels.k8s:io.kubernetes.pod.namespace: is"
                + " \"k8s:io.kubernetes.pod.namespace\", must be the key of a label, such as app or"
                + " example.org/tier"),
        of(
            "{containerSelector: {matchLabels: {nmae: main}}}",
            "spec.containerSelector.matchLabels.nmae: \"nmae\" is not a field of a container; did"
                + " you mean \"name\"?"),
        of(
            "{containerSelector: {matchExpressions: [{key: image, operator: Exists}]}}",
            "spec.containerSelector.matchExpressions[0].key: is \"image\"; it is one of name,"
                + " repo"),
        of(
            "{containerSelector: {matchLabels: {repo: 'nginx:1.27'}}}",
            "spec.containerSelector.matchLabels.repo: is \"nginx:1.27\", must be the repository of"
                + " an image without tag and digest, such as docker.io/library/nginx"),
        of(
            "{containerSelector: {matchLabels: {name: Main}}}",
            "spec.containerSelector.matchLabels.name: is \"Main\", must be the name of a container:"
                + " at most 63 lower case letters, digits and \"-\", with a letter or digit at both"
                + " ends"),
        of(
            "{hostSelector: {matchLabels: {a: b}}}",
            "spec.hostSelector: has labels, must be {}: processes outside of pods have none"),
        of(
            "{podSelector: {matchLabels: {app: shop}, matchExpressions: [{key: app, operator:"
                + " NotIn, values: [shop]}]}}",
            "spec.podSelector: never chooses a pod: what it asks of \"app\" contradicts itself"),
        of(
            "{podSelector: {matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace', operator:"
                + " DoesNotExist}]}}",
            "spec.podSelector: never chooses a pod: what it asks of"
                + " \"k8s:io.kubernetes.pod.namespace\" contradicts itself"),
        of(
            "{containerSelector: {matchExpressions: [{key: name, operator: In, values: [a]},"
                + " {key: name, operator: In, values: [b]}]}}",
            "spec.containerSelector: never chooses a container: what it asks of \"name\""
                + " contradicts itself"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void aWrongNamespacedPolicyIsAnsweredWith(String namespace, String selectors, String... answers) {
    assertThat(Policies.refused(inNamespace(namespace, policy(selectors))))
        .extracting(Problem::toString)
        .containsExactly(answers);
  }

  static Stream<Arguments> aWrongNamespacedPolicyIsAnsweredWith() {
    return Stream.of(
        arguments(
            "sales",
            "{hostSelector: {}}",
            new String[] {
              "spec.hostSelector: belongs to a TracingPolicy: this policy covers only pods of its"
                  + " namespace; leave it out"
            }),
        arguments(
            "sales",
            "{podSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': bank}}}",
            new String[] {
              "spec.podSelector: never chooses a pod: the policy is for the namespace sales, which"
                  + " k8s:io.kubernetes.pod.namespace leaves out; delete that requirement, or make"
                  + " the policy a TracingPolicy"
            }),
        arguments(
            "~",
            "{podSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': bank}}}",
            new String[] {
              "metadata.namespace: is missing, but required: the policy is for the pods of one"
            }),
        arguments(
            "a.b", "{}", new String[] {"metadata.namespace: is not the name of a namespace"}));
  }

  @Test
  void aPolicyOfTheClusterThatNamesANamespaceIsNotWidenedInSilence() {
    assertThat(
            Policies.refused(policy("{}").replace("{name: tried}", "{name: a, namespace: sales}")))
        .extracting(Problem::toString)
        .containsExactly(
            "metadata.namespace: is there, but a TracingPolicy is for the whole cluster; leave it"
                + " out, or make the policy a TracingPolicyNamespaced");
  }

  private static Scope scope(String selectors) {
    return Policies.accepted(policy(selectors)).scope();
  }

  private static Scope scopeIn(String namespace, String selectors) {
    var policy = Policies.accepted(inNamespace(namespace, policy(selectors)));
    assertThat(policy.namespace()).isEqualTo(namespace);
    return policy.scope();
  }

  /** Of one kprobe and these selectors, a YAML object. */
  private static String policy(String selectors) {
    var fields = selectors.substring(1, selectors.length() - 1);
    return Policies.ofSpec(
        "{kprobes: [{call: sys_write}]" + (fields.isEmpty() ? "" : ", " + fields) + "}");
  }

  private static String inNamespace(String namespace, String policy) {
    return policy
        .replace("kind: TracingPolicy", "kind: TracingPolicyNamespaced")
        .replace("{name: tried}", "{name: tried, namespace: " + namespace + "}");
  }

  private static Arguments of(String given, String... answers) {
    return arguments(given, answers);
  }
}
