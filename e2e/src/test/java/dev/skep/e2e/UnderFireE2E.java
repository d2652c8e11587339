package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.NAMESPACE;
import static dev.skep.e2e.InstalledSkep.agentOn;
import static dev.skep.e2e.InstalledSkep.apply;
import static dev.skep.e2e.InstalledSkep.awaitReady;
import static dev.skep.e2e.InstalledSkep.awaitThat;
import static dev.skep.e2e.InstalledSkep.exec;
import static dev.skep.e2e.InstalledSkep.get;
import static dev.skep.e2e.InstalledSkep.idlePod;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.namespace;
import static dev.skep.e2e.InstalledSkep.nodeOf;
import static dev.skep.e2e.InstalledSkep.read;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Status tells what was done, exactly, whatever happens to Skep's own pods meanwhile. */
class UnderFireE2E {
  private static final String TENANT = "under-fire";
  private static final int ATTACKS = 300;

  /** Each in a process of its own, which does not survive it. */
  private static final String ATTACK_ALL =
      "for i in $(seq %d); do sh -c 'echo stolen >>/data/protected' 2>/dev/null; done; exit 7"
          .formatted(ATTACKS);

  @BeforeAll
  static void makeVictim() {
    namespace(TENANT);
    idlePod(TENANT, "victim", "app: victim");
  }

  @AfterAll
  static void removeVictim() {
    kubectl("delete", "namespace", TENANT, "--wait=false");
  }

  @Test
  void noAttackGetsThroughAndEachIsCountedOnceWhileTheAgentsPodIsReplaced() {
    var policy = "agent-replaced";
    protect(policy);
    try {
      var node = nodeOf(TENANT, "victim");
      var before = agentOn(node);
      var attack = CompletableFuture.supplyAsync(() -> exec(TENANT, "victim", ATTACK_ALL));
      kubectl("delete", "pod", before, "-n", NAMESPACE, "--wait=false");
      awaitThat(() -> agentOn(node), agent -> !agent.isEmpty() && !agent.equals(before));

      assertThat(attack.join()).isEqualTo(7);
      kubectl("rollout", "status", "daemonset/skep-agent", "-n", NAMESPACE, "--timeout=120s");
      assertThat(read(TENANT, "victim", "/data/protected")).isEqualTo("original\n");
      awaitExactly(policy);
    } finally {
      kubectl("delete", "tracingpolicynamespaced", policy, "-n", TENANT);
    }
  }

  @Test
  void statusIsExactAfterTheOperatorsPodsWereReplaced() {
    var policy = "operator-replaced";
    protect(policy);
    try {
      var attack = CompletableFuture.supplyAsync(() -> exec(TENANT, "victim", ATTACK_ALL));
      kubectl("delete", "pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=skep-operator");

      assertThat(attack.join()).isEqualTo(7);
      awaitExactly(policy);
    } finally {
      kubectl("delete", "tracingpolicynamespaced", policy, "-n", TENANT);
    }
  }

  private static void awaitExactly(String policy) {
    var status =
        awaitThat(
            () -> get("tracingpolicynamespaced", policy, "-n", TENANT).at("/status"),
            now -> now.at("/violations/total").asInt() >= ATTACKS);
    assertThat(status.at("/violations/total").asInt()).isEqualTo(ATTACKS);
    assertThat(status.at("/violations/enforced").asInt()).isEqualTo(ATTACKS);
  }

  private static void protect(String policy) {
    apply(
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicyNamespaced
        metadata: {name: %s, namespace: %s}
        spec:
          kprobes:
          - call: sys_write
            args: [{index: 0, type: fd}]
            selectors:
            - matchArgs: [{index: 0, operator: Equal, values: [/data/protected]}]
              matchActions: [{action: Sigkill}]
        """
            .formatted(policy, TENANT));
    awaitReady("tracingpolicynamespaced", policy, "-n", TENANT);
  }
}
