package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.KILLED;
import static dev.skep.e2e.InstalledSkep.apply;
import static dev.skep.e2e.InstalledSkep.awaitPod;
import static dev.skep.e2e.InstalledSkep.awaitReady;
import static dev.skep.e2e.InstalledSkep.exec;
import static dev.skep.e2e.InstalledSkep.get;
import static dev.skep.e2e.InstalledSkep.idlePod;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.namespace;
import static dev.skep.e2e.InstalledSkep.tryKubectl;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.cluster.NeedsNodes;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each kind of selector, in a policy for the whole cluster. */
class SelectorsE2E {
  private static final String TENANT = "selectors";
  private static final String ATTACK = "echo stolen >>/data/guarded-by-%s";

  private static List<String> workers;

  @BeforeAll
  static void makePods() {
    workers = List.of(KindNodes.workers().getFirst(), KindNodes.workers().getLast());
    namespace(TENANT);
    for (var worker : workers) {
      idlePod(worker, TENANT, worker, "app: any");
    }
    apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: two, namespace: %1$s}
        spec:
          terminationGracePeriodSeconds: 0
          containers:
          - &container
            name: main
            image: %2$s
            imagePullPolicy: Never
            command: [/bin/sh, -c, sleep 100000]
            volumeMounts: [{name: data, mountPath: /data}]
          - <<: *container
            name: debug
          volumes: [{name: data, emptyDir: {}}]
        """
            .formatted(TENANT, InstalledSkep.IMAGE));
    awaitPod(TENANT, "two");
  }

  @AfterAll
  static void removePods() {
    kubectl("delete", "namespace", TENANT, "--wait=false");
  }

  @Test
  void aContainerSelectorChoosesAmongTheContainersOfAPod() {
    withPolicy(
        "container",
        "containerSelector: {matchExpressions: [{key: name, operator: NotIn, values: [debug]}]}",
        () -> {
          assertThat(inContainer("main", ATTACK.formatted("container"))).isEqualTo(KILLED);
          assertThat(inContainer("debug", ATTACK.formatted("container"))).isZero();
        });
  }

  @Test
  @NeedsNodes
  void aHostSelectorCoversWhatIsOutsideOfPodsAndNoPod() {
    withPolicy(
        "host",
        "hostSelector: {}",
        () -> {
          var attack = "mkdir -p /data; " + ATTACK.formatted("host");
          for (var worker : workers) {
            assertThat(KindNodes.trySh(worker, "bash -c '" + attack + "'; exit $?").exitCode())
                .isEqualTo(KILLED);
            assertThat(exec(TENANT, worker, attack)).isZero();
          }
        });
  }

  @Test
  void aNodeSelectorLeavesOtherNodesAlone() {
    withPolicy(
        "node",
        "nodeSelector: {matchLabels: {kubernetes.io/hostname: %s}}".formatted(workers.getFirst()),
        () -> {
          assertThat(exec(TENANT, workers.getFirst(), ATTACK.formatted("node"))).isEqualTo(KILLED);
          assertThat(exec(TENANT, workers.getLast(), ATTACK.formatted("node"))).isZero();
          assertThat(get("tracingpolicy", "node").at("/status/nodes/selected").asInt()).isOne();
        });
  }

  @Test
  @NeedsNodes
  void anEmptyPodSelectorCoversAllPodsAndNotTheHost() {
    withPolicy(
        "pods",
        "podSelector: {}",
        () -> {
          var attack = "mkdir -p /data; " + ATTACK.formatted("pods");
          for (var worker : workers) {
            assertThat(exec(TENANT, worker, attack)).isEqualTo(KILLED);
            assertThat(KindNodes.trySh(worker, "bash -c '" + attack + "'").exitCode()).isZero();
          }
        });
  }

  /** Guards a file of the policy's name. */
  private static void withPolicy(String name, String selector, Runnable attacks) {
    apply(
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicy
        metadata: {name: %1$s}
        spec:
          %2$s
          kprobes:
          - call: sys_write
            args: [{index: 0, type: fd}]
            selectors:
            - matchArgs: [{index: 0, operator: Equal, values: [/data/guarded-by-%1$s]}]
              matchActions: [{action: Sigkill}]
        """
            .formatted(name, selector));
    try {
      awaitReady("tracingpolicy", name);
      attacks.run();
    } finally {
      kubectl("delete", "tracingpolicy", name);
    }
  }

  private static int inContainer(String container, String script) {
    return tryKubectl("exec", "-n", TENANT, "two", "-c", container, "--", "/bin/sh", "-c", script)
        .exitCode();
  }
}
