package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.awaitAgents;
import static dev.skep.e2e.InstalledSkep.awaitPod;
import static dev.skep.e2e.InstalledSkep.awaitReady;
import static dev.skep.e2e.InstalledSkep.awaitThat;
import static dev.skep.e2e.InstalledSkep.get;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.namespace;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.cluster.NeedsNodes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Status tells what was done, exactly, by nodes that are there and by those that were. */
@NeedsNodes
class NodesComeAndGoE2E {
  private static final String TENANT = "nomads";
  private static String node;

  @BeforeAll
  static void makeTenant() {
    namespace(TENANT);
    node = KindNodes.workers().getLast();
  }

  @AfterAll
  static void removeTenant() {
    kubectl("delete", "namespace", TENANT, "--wait=false");
  }

  @Test
  void whatADeletedNodeCountedStaysAndIsNotCountedAgainWhenItJoinsAgain() {
    comesBack("rejoined", () -> KindNodes.sh(node, "systemctl restart kubelet"));
  }

  @Test
  void whatADeletedNodeCountedStaysAndIsNotCountedAgainWhenItBootsAndJoinsAgain() {
    comesBack(
        "rebooted",
        () -> {
          KindNodes.stop(node);
          KindNodes.start(node);
        });
  }

  private static void comesBack(String policy, Runnable joinAgain) {
    var victim = Victim.on(node, TENANT, policy);
    victim.protect(policy);
    try {
      victim.attack(50);
      victim.awaitExactly(policy, 50);
      KindNodes.drain(node);
      kubectl("delete", "node", node);
      awaitThat(() -> get("tracingnodestate", node), JsonNode::isMissingNode);
      awaitThat(() -> policy(policy).at("/status/nodes/selected").asInt(), nodes -> nodes == 2);
      victim.awaitExactly(policy, 50);

      joinAgain.run();
      awaitThat(() -> get("node", node), there -> !there.isMissingNode());
      KindNodes.whole();
      awaitAgents();
      awaitThat(() -> policy(policy).at("/status/nodes/ready").asInt(), nodes -> nodes == 3);
      victim.awaitExactly(policy, 50);
      var next = Victim.on(node, TENANT, policy + "-next");
      next.attack(30);
      next.awaitExactly(policy, 80);
    } finally {
      victim.unprotect(policy);
    }
  }

  @Test
  void aPolicyThatChangesWhileANodeIsAwayActsAndCountsOnWhenItIsBack() {
    var policy = "changed";
    var victim = Victim.on(node, TENANT, policy);
    victim.protect(policy, "monitor");
    try {
      victim.attack(20);
      victim.awaitExactly(policy, 20, 0);
      KindNodes.stop(node);
      victim.applyPolicy(policy, "enforce");
      awaitThat(
          () -> policy(policy),
          now ->
              now.at("/status/observedGeneration").asInt() == 2
                  && now.at("/status/nodes/ready").asInt() == 2);
      assertThat(Statuses.condition(policy(policy), "Ready")).isEqualTo("False");

      KindNodes.start(node);
      awaitReady("tracingpolicynamespaced", policy, "-n", TENANT);
      awaitPod(TENANT, policy);
      victim.attack(20);
      victim.awaitExactly(policy, 40, 20);
    } finally {
      victim.unprotect(policy);
    }
  }

  private static JsonNode policy(String name) {
    return get("tracingpolicynamespaced", name, "-n", TENANT);
  }
}
