package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.KILLED;
import static dev.skep.e2e.InstalledSkep.apply;
import static dev.skep.e2e.InstalledSkep.awaitReady;
import static dev.skep.e2e.InstalledSkep.awaitThat;
import static dev.skep.e2e.InstalledSkep.exec;
import static dev.skep.e2e.InstalledSkep.execute;
import static dev.skep.e2e.InstalledSkep.get;
import static dev.skep.e2e.InstalledSkep.idlePod;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.namespace;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A program that must not run in a pod is killed before its first instruction. */
class ForbiddenBinaryE2E {
  private static final String TENANT = "forbidden";
  private static final String POLICY = "no-miner";

  @BeforeAll
  static void makePod() {
    namespace(TENANT);
    idlePod(TENANT, "shop", "app: shop");
    execute(
        TENANT,
        "shop",
        "cd /data; cp /bin/busybox busybox-miner; cp /bin/busybox busybox-harmless");
    apply(
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicyNamespaced
        metadata: {name: %s, namespace: %s}
        spec:
          podSelector: {matchLabels: {app: shop}}
          kprobes:
          - call: sys_execve
            args: [{index: 0, type: string}]
            selectors:
            - matchArgs: [{index: 0, operator: Postfix, values: [/busybox-miner]}]
              matchActions: [{action: Sigkill}]
          - call: sys_execveat
            args: [{index: 1, type: string}]
            selectors:
            - matchArgs: [{index: 1, operator: Postfix, values: [/busybox-miner]}]
              matchActions: [{action: Sigkill}]
        """
            .formatted(POLICY, TENANT));
    awaitReady("tracingpolicynamespaced", POLICY, "-n", TENANT);
  }

  @AfterAll
  static void removePod() {
    kubectl("delete", "namespace", TENANT, "--wait=false");
  }

  @Test
  void aForbiddenBinaryDoesNothingAndOthersRun() {
    assertThat(exec(TENANT, "shop", "/data/busybox-harmless touch /data/harmless-ran")).isZero();
    for (var way :
        List.of(
            "/data/busybox-miner",
            "cd /data; ./busybox-miner",
            "cd /; data/../data/busybox-miner")) {
      assertThat(exec(TENANT, "shop", way + " touch /data/miner-ran")).as(way).isEqualTo(KILLED);
    }

    assertThat(exec(TENANT, "shop", "[ -e /data/harmless-ran ]")).isZero();
    assertThat(exec(TENANT, "shop", "[ -e /data/miner-ran ]")).isNotZero();
    var status =
        awaitThat(
            () -> get("tracingpolicynamespaced", POLICY, "-n", TENANT).at("/status"),
            now -> now.at("/violations/enforced").asInt() == 3);
    assertThat(status.at("/recentViolations/0/hook").asText()).isEqualTo("sys_execve");
  }
}
