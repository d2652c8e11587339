package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.awaitReady;
import static dev.skep.e2e.InstalledSkep.awaitThat;
import static dev.skep.e2e.InstalledSkep.execute;
import static dev.skep.e2e.InstalledSkep.get;
import static dev.skep.e2e.InstalledSkep.idlePod;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.nodeOf;
import static dev.skep.e2e.InstalledSkep.read;
import static dev.skep.e2e.InstalledSkep.tryKubectl;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

/** A pod with a file that a policy protects, and what is done to it: so often, and no more. */
record Victim(String namespace, String pod) {
  /** What a script that did all its attacks ends with. */
  private static final int DONE = 7;

  private static final String ATTACK = "sh -c 'echo stolen >>/data/protected' 2>/dev/null;";

  /** Between two attacks of those without end. */
  static final String PAUSE = "0.05";

  static Victim in(String namespace, String pod) {
    idlePod(namespace, pod, "app: " + pod);
    return new Victim(namespace, pod);
  }

  static Victim on(String node, String namespace, String pod) {
    idlePod(node, namespace, pod, "app: " + pod);
    return new Victim(namespace, pod);
  }

  String node() {
    return nodeOf(namespace, pod);
  }

  /** Each attack in a process of its own, which does not survive it if the policy enforces. */
  void attack(int times) {
    var script = "for i in $(seq %d); do %s done; exit %d".formatted(times, ATTACK, DONE);
    var output = tryKubectl("exec", "-n", namespace, pod, "--", "/bin/sh", "-c", script);
    assertThat(output.exitCode()).as(output.err()).isEqualTo(DONE);
  }

  /** Attacks again and again, without anybody's help, until {@link #endAttack}. */
  void beginAttack() {
    execute(
        namespace,
        pod,
        """
        cd /data; rm -f stop done; echo 0 >attempts
        { i=0; until [ -e stop ]; do %s i=$((i + 1)); echo $i >attempts; sleep %s; done; touch done
        } >/dev/null 2>&1 </dev/null &\
        """
            .formatted(ATTACK, PAUSE));
  }

  /** How many there were. */
  int endAttack() {
    execute(namespace, pod, "touch /data/stop; until [ -e /data/done ]; do sleep 0.1; done");
    return Integer.parseInt(read(namespace, pod, "/data/attempts").strip());
  }

  /** Asks the node, not the API server. */
  static int attempts(String node, String data) {
    var said = KindNodes.sh(node, "cat " + data + "/attempts").strip();
    return said.isEmpty() ? 0 : Integer.parseInt(said); // just being written
  }

  void isUnharmed() {
    assertThat(read(namespace, pod, "/data/protected")).isEqualTo("original\n");
  }

  /** The policy kills whoever writes to the file in any pod of the namespace. */
  void protect(String policy) {
    protect(policy, "enforce");
  }

  void protect(String policy, String mode) {
    applyPolicy(policy, mode);
    awaitReady("tracingpolicynamespaced", policy, "-n", namespace);
  }

  void applyPolicy(String policy, String mode) {
    InstalledSkep.apply(
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicyNamespaced
        metadata: {name: %s, namespace: %s}
        spec:
          mode: %s
          kprobes:
          - call: sys_write
            args: [{index: 0, type: fd}]
            selectors:
            - matchArgs: [{index: 0, operator: Equal, values: [/data/protected]}]
              matchActions: [{action: Sigkill}]
        """
            .formatted(policy, namespace, mode));
  }

  void unprotect(String policy) {
    kubectl("delete", "tracingpolicynamespaced", policy, "-n", namespace);
  }

  /** Waits until no fewer are told; more would be as wrong. */
  void awaitExactly(String policy, int violations) {
    awaitExactly(policy, violations, violations);
  }

  void awaitExactly(String policy, int violations, int enforced) {
    awaitThat(() -> violations(policy), told -> told >= violations);
    var status = status(policy);
    assertThat(status.at("/violations/total").asInt()).isEqualTo(violations);
    assertThat(status.at("/violations/enforced").asInt()).isEqualTo(enforced);
  }

  int violations(String policy) {
    return status(policy).at("/violations/total").asInt();
  }

  private JsonNode status(String policy) {
    return get("tracingpolicynamespaced", policy, "-n", namespace).at("/status");
  }
}
