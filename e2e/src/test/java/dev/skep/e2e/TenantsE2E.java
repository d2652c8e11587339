package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.awaitReady;
import static dev.skep.e2e.InstalledSkep.awaitThat;
import static dev.skep.e2e.InstalledSkep.exec;
import static dev.skep.e2e.InstalledSkep.get;
import static dev.skep.e2e.InstalledSkep.idlePod;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.namespace;
import static dev.skep.e2e.InstalledSkep.tryApply;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What somebody can reach who may write policies for a namespace of his own, and nothing else. */
class TenantsE2E {
  private static final String HOSTILE = "tenant-hostile";
  private static final String OTHER = "tenant-other";
  private static final String USER = "mallory";

  @BeforeAll
  static void makeTenants() {
    namespace(HOSTILE);
    namespace(OTHER);
    idlePod(OTHER, "shop", "app: shop");
    idlePod(HOSTILE, "shop", "app: shop");
    kubectl(
        "create",
        "role",
        "policies",
        "-n",
        HOSTILE,
        "--verb=*",
        "--resource=tracingpoliciesnamespaced.skep.dev,tracingpoliciesnamespaced.skep.dev/status");
    kubectl(
        "create", "rolebinding", "policies", "-n", HOSTILE, "--role=policies", "--user=" + USER);
  }

  @AfterAll
  static void removeTenants() {
    kubectl("delete", "namespace", HOSTILE, OTHER, "--wait=false");
  }

  @Test
  void theWidestPolicyOfATenantKillsInHisPodsAndInNoOthers() {
    var policy = killWriters(HOSTILE, "widest", "podSelector: {}");
    assertThat(policy).isEmpty();
    try {
      awaitReady("tracingpolicynamespaced", "widest", "-n", HOSTILE);
      assertThat(exec(HOSTILE, "shop", "echo hello >/data/any")).isEqualTo(InstalledSkep.KILLED);
      for (int i = 0; i < 20; i++) {
        assertThat(exec(OTHER, "shop", "echo hello >/data/any")).isZero();
      }
      var status = get("tracingpolicynamespaced", "widest", "-n", HOSTILE).at("/status");
      assertThat(status.at("/recentViolations"))
          .allSatisfy(v -> assertThat(v.at("/namespace").asText()).isEqualTo(HOSTILE));
    } finally {
      kubectl("delete", "tracingpolicynamespaced", "widest", "-n", HOSTILE);
    }
  }

  @Test
  void aPolicyThatReachesForOtherNamespacesOrTheHostIsRefusedWithTheReason() {
    var selectors =
        Map.of(
            "podSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': " + OTHER + "}}",
            "never chooses a pod",
            "hostSelector: {}",
            "belongs to a TracingPolicy");
    int i = 0;
    for (var entry : selectors.entrySet()) {
      var name = "reaches-" + i++;
      var refusal = killWriters(HOSTILE, name, entry.getKey());
      if (!refusal.isEmpty()) { // at the door already
        assertThat(refusal).contains(entry.getValue());
        continue;
      }
      try {
        var policy =
            awaitThat(
                () -> get("tracingpolicynamespaced", name, "-n", HOSTILE),
                now -> Statuses.condition(now, "Accepted").equals("False"));
        assertThat(policy.at("/status/conditions").toString()).contains(entry.getValue());
        assertThat(exec(OTHER, "shop", "echo hello >/data/any")).isZero();
      } finally {
        kubectl("delete", "tracingpolicynamespaced", name, "-n", HOSTILE);
      }
    }
  }

  @Test
  void aTenantCanWriteNeitherElsewhereNorWhatOthersTellOfHisPolicies() {
    assertThat(killWriters(OTHER, "elsewhere", "podSelector: {}")).contains("forbidden");
    assertThat(killWriters(HOSTILE, "own", "podSelector: {matchLabels: {app: none}}")).isEmpty();
    try {
      var output =
          InstalledSkep.tryKubectl(
              "patch",
              "tracingpolicynamespaced",
              "own",
              "-n",
              HOSTILE,
              "--subresource=status",
              "--type=merge",
              "--as=" + USER,
              "-p",
              "{\"status\":{\"violations\":{\"total\":1000}}}");
      assertThat(output.exitCode()).isNotZero();
      assertThat(output.err()).contains("must not write the status of a policy");
    } finally {
      kubectl("delete", "tracingpolicynamespaced", "own", "-n", HOSTILE);
    }
  }

  /** As the tenant; what the API server has against it. */
  private static String killWriters(String namespace, String name, String selector) {
    return tryApply(
            """
            apiVersion: skep.dev/v1alpha1
            kind: TracingPolicyNamespaced
            metadata: {name: %s, namespace: %s}
            spec:
              %s
              kprobes:
              - call: sys_write
                args: [{index: 0, type: fd}]
                selectors:
                - matchArgs: [{index: 0, operator: Prefix, values: [/]}]
                  matchActions: [{action: Sigkill}]
            """
                .formatted(name, namespace, selector),
            "--as=" + USER)
        .err();
  }
}
