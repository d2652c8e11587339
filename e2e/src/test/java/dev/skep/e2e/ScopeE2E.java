package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.KILLED;
import static dev.skep.e2e.InstalledSkep.any;
import static dev.skep.e2e.InstalledSkep.apply;
import static dev.skep.e2e.InstalledSkep.awaitReady;
import static dev.skep.e2e.InstalledSkep.awaitThat;
import static dev.skep.e2e.InstalledSkep.exec;
import static dev.skep.e2e.InstalledSkep.get;
import static dev.skep.e2e.InstalledSkep.idlePod;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.namespace;
import static dev.skep.e2e.InstalledSkep.pod;
import static dev.skep.e2e.InstalledSkep.read;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whom a policy is about: two tenants, each with pods of several kinds. */
class ScopeE2E {
  private static final String ATTACK = "echo stolen >>/data/protected";
  private static final String POLICY =
      """
      apiVersion: skep.dev/v1alpha1
      kind: %s
      metadata: {name: %s, namespace: %s}
      spec:
        %s
        kprobes:
        - call: sys_write
          message: somebody wrote to a protected file
          args:
          - {index: 0, type: fd}
          - {index: 1, type: char_buf, sizeArgIndex: 3}
          - {index: 2, type: size_t}
          selectors:
          - matchArgs:
            - {index: 0, operator: Equal, values: [/data/protected]}
            matchActions:
            - {action: Sigkill}
      """;

  @BeforeAll
  static void makeTenants() {
    namespace("team-a");
    namespace("team-b");
    idlePod("team-a", "web", "app: web");
    idlePod("team-a", "database", "app: database");
    idlePod("team-b", "web", "app: web");
  }

  @AfterAll
  static void removeTenants() {
    kubectl("delete", "namespace", "team-a", "team-b", "--wait=false");
  }

  @Test
  void aNamespacedPolicyHoldsForThePodsItSelectsAndForNobodyElse() {
    var policy = "selected";
    apply(
        POLICY.formatted(
            "TracingPolicyNamespaced", policy, "team-a", "podSelector: {matchLabels: {app: web}}"));
    try {
      awaitReady("tracingpolicynamespaced", policy, "-n", "team-a");

      assertThat(exec("team-a", "web", ATTACK)).isEqualTo(KILLED);
      assertThat(exec("team-a", "database", ATTACK)).isZero();
      assertThat(exec("team-b", "web", ATTACK)).isZero();

      assertThat(read("team-a", "web", "/data/protected")).isEqualTo("original\n");
      var status =
          awaitThat(
              () -> get("tracingpolicynamespaced", policy, "-n", "team-a").at("/status"),
              now -> now.at("/violations/total").asInt() == 1);
      var violation = status.at("/recentViolations/0");
      assertThat(violation.at("/namespace").asText()).isEqualTo("team-a");
      assertThat(violation.at("/pod").asText()).isEqualTo("web");
      assertThat(violation.at("/enforced").asBoolean()).isTrue();
      awaitThat(
          () ->
              get("events", "-n", "team-a", "--field-selector=involvedObject.name=web")
                  .at("/items"),
          events -> any(events, e -> e.at("/message").asText().contains(policy)));
    } finally {
      kubectl("delete", "tracingpolicynamespaced", policy, "-n", "team-a");
    }
    awaitThat(() -> exec("team-a", "web", ATTACK), code -> code == 0);
    kubectl("exec", "-n", "team-a", "web", "--", "/bin/sh", "-c", "echo original >/data/protected");
  }

  @Test
  void aPodThatStartsLaterIsGuardedFromItsFirstInstruction() {
    var policy = "early";
    apply(
        POLICY.formatted(
            "TracingPolicyNamespaced",
            policy,
            "team-b",
            "podSelector: {matchLabels: {kind: job}}"));
    try {
      awaitReady("tracingpolicynamespaced", policy, "-n", "team-b");
      for (int i = 0; i < 5; i++) {
        var name = "job-" + i;
        pod("team-b", name, "kind: job", "exec 3>>/data/protected; echo stolen >&3");
        var ended =
            awaitThat(
                () ->
                    get("pod", name, "-n", "team-b")
                        .at("/status/containerStatuses/0/state/terminated"),
                state -> !state.isMissingNode());
        assertThat(ended.at("/exitCode").asInt()).as(name).isEqualTo(KILLED);
      }
    } finally {
      kubectl("delete", "tracingpolicynamespaced", policy, "-n", "team-b");
    }
  }

  @Test
  void aLabelThatChangesMovesAPodInAndOutOfAPolicy() {
    var policy = "labelled";
    apply(
        POLICY.formatted(
            "TracingPolicyNamespaced",
            policy,
            "team-a",
            "podSelector: {matchLabels: {guard: \"on\"}}"));
    try {
      awaitReady("tracingpolicynamespaced", policy, "-n", "team-a");
      assertThat(exec("team-a", "database", ATTACK)).isZero();
      kubectl("label", "pod", "database", "-n", "team-a", "guard=on");
      awaitThat(() -> exec("team-a", "database", ATTACK), code -> code == KILLED);
      kubectl("label", "pod", "database", "-n", "team-a", "guard-");
      awaitThat(() -> exec("team-a", "database", ATTACK), code -> code == 0);
    } finally {
      kubectl("delete", "tracingpolicynamespaced", policy, "-n", "team-a");
    }
  }
}
