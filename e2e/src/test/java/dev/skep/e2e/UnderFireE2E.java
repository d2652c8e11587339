package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.NAMESPACE;
import static dev.skep.e2e.InstalledSkep.agentOn;
import static dev.skep.e2e.InstalledSkep.awaitAgents;
import static dev.skep.e2e.InstalledSkep.awaitOperators;
import static dev.skep.e2e.InstalledSkep.awaitThat;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.namespace;

import dev.skep.cluster.NeedsNodes;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Status tells what was done, exactly, whatever happens to Skep's own pods meanwhile. */
class UnderFireE2E {
  private static final String TENANT = "under-fire";

  /** So many attacks take that, at least. */
  private static final int A_MINUTE = 60 * 20;

  private static Victim victim;

  @BeforeAll
  static void makeVictim() {
    namespace(TENANT);
    victim = Victim.in(TENANT, "victim");
  }

  @AfterAll
  static void removeVictim() {
    kubectl("delete", "namespace", TENANT, "--wait=false");
  }

  @Test
  void noAttackGetsThroughAndEachIsCountedOnceWhileTheAgentsPodIsReplaced() {
    var node = victim.node();
    var before = agentOn(node);
    attackWhile(
        "agent-replaced",
        () -> {
          kubectl("delete", "pod", before, "-n", NAMESPACE, "--wait=false");
          awaitThat(() -> agentOn(node), agent -> !agent.isEmpty() && !agent.equals(before));
          awaitAgents();
        });
  }

  @Test
  void noAttackGetsThroughAndEachIsCountedOnceWhileTheOperatorsPodsAreReplaced() {
    attackWhile(
        "operator-replaced",
        () -> {
          kubectl("delete", "pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=skep-operator");
          awaitOperators();
        });
  }

  @Test
  @NeedsNodes
  void noAttackGetsThroughAndEachIsCountedOnceWhileSkepIsUpdatedAndTakenBack() {
    var ours = KindNodes.installedVersion();
    KindNodes.nameImagesAlso("next");
    attackWhile(
        "updated",
        () -> {
          install("next");
          install(ours);
        });
  }

  private static void install(String version) {
    for (var program : List.of("daemonset/skep-agent", "deployment/skep-operator")) {
      var name = program.substring(program.indexOf('/') + 1);
      var container = name.substring("skep-".length());
      var image = container + "=localhost/" + name + ":" + version;
      kubectl("set", "image", program, image, "-n", NAMESPACE);
    }
    awaitAgents();
    awaitOperators();
  }

  @Test
  @NeedsNodes
  void noAttackGetsThroughAndEachIsCountedOnceWhileTheApiServerIsAwayForAMinute() {
    var node = victim.node();
    var data = KindNodes.data(TENANT, "victim");
    attackWhile(
        "api-server-away",
        () -> {
          KindNodes.stopApiServer();
          try {
            int before = Victim.attempts(node, data);
            awaitThat(() -> Victim.attempts(node, data), now -> now > before + A_MINUTE);
          } finally {
            KindNodes.startApiServer();
          }
        });
  }

  private static void attackWhile(String policy, Runnable trouble) {
    victim.protect(policy);
    try {
      victim.beginAttack();
      awaitThat(() -> victim.violations(policy), told -> told > 0);
      trouble.run();
      int attacks = victim.endAttack();
      victim.isUnharmed();
      victim.awaitExactly(policy, attacks);
    } finally {
      victim.unprotect(policy);
    }
  }
}
