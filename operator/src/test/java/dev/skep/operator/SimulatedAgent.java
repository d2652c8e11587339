package dev.skep.operator;

import dev.skep.crds.v1alpha1.HookEvents;
import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.crds.v1alpha1.NodeStateStatus.KernelFacts;
import dev.skep.crds.v1alpha1.NodeStateStatus.PolicyState;
import dev.skep.crds.v1alpha1.ProcessEvents;
import dev.skep.crds.v1alpha1.Violation;
import dev.skep.crds.v1alpha1.ViolationTotals;
import dev.skep.nodeconfig.NodeConfig;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reports as the agent of one node would, with counters that a test decides. */
final class SimulatedAgent {
  private final Kube kube;
  private final String node;
  private final Map<String, Long> writes = new HashMap<>();
  private final Map<String, Long> kills = new HashMap<>();
  private final Map<String, String> failures = new HashMap<>();
  private final List<Violation> violations = new ArrayList<>();

  SimulatedAgent(Kube kube, String node) {
    this.kube = kube;
    this.node = node;
  }

  String node() {
    return node;
  }

  /** Of {@code sys_write}, by policy uid; two processes each. */
  void count(String policy, long writesSeen, long killed) {
    writes.put(policy, writesSeen);
    kills.put(policy, killed);
  }

  void fail(String policy, String reason) {
    failures.put(policy, reason);
  }

  void violated(String policy, String time, long pid) {
    violatedIn(null, policy, time, pid);
  }

  /** In a container of {@code pod}; null: outside of pods. */
  void violatedIn(@Nullable Pod pod, String policy, String time, long pid) {
    var metadata = pod == null ? null : pod.getMetadata();
    violations.addFirst(
        new Violation(
            time,
            policy,
            null,
            metadata == null ? null : metadata.getNamespace(),
            metadata == null ? null : metadata.getName(),
            metadata == null ? null : metadata.getUid(),
            pid,
            "/usr/bin/vi",
            "sys_write",
            "/etc/passwd",
            "Sigkill",
            true));
  }

  /** Acts on what its ConfigMap says now. */
  void report() {
    var config = kube.config(node);
    kube.report(
        node,
        new NodeStateStatus(
            node,
            "boot-1",
            "test",
            new KernelFacts("6.18.0", "x86_64", true),
            config.hash(),
            config.policies().stream().map(this::state).toList(),
            violations.stream().limit(16).toList(),
            List.of(),
            null,
            null));
  }

  private PolicyState state(NodeConfig.Entry policy) {
    long seen = writes.getOrDefault(policy.uid(), 0L);
    long killed = kills.getOrDefault(policy.uid(), 0L);
    @Nullable String failure = failures.get(policy.uid());
    return new PolicyState(
        policy.uid(),
        policy.name(),
        policy.namespace(),
        policy.generation(),
        failure == null ? "Loaded" : "Failed",
        failure,
        failure == null ? null : "the verifier said no",
        "enforce",
        List.of(new HookEvents("sys_write", seen)),
        new ProcessEvents(2 * seen, 2 * seen, 2 * seen),
        new ViolationTotals(killed, killed, 0),
        null,
        null);
  }
}
