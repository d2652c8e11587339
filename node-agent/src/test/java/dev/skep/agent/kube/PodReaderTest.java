package dev.skep.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.agent.pod.NodePod;
import dev.skep.events.Container;
import dev.skep.events.Container.Probe;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodReaderTest {
  private static final String HEAD =
      """
      metadata:
        name: till-7d4b9-x2x
        generateName: till-7d4b9-
        namespace: shop
        uid: 0c5f3c1a-8d2e-4b6f-9a70-1e2d3c4b5a69
        creationTimestamp: "2026-01-02T03:04:05Z"
      """;

  @Test
  void everyKindOfContainerIsKnownByItsIdAlsoThoseBeforeARestart() {
    var pod =
        read(
            HEAD
                + """
                  labels: {app: till, pod-template-hash: 7d4b9}
                  annotations: {note: secret}
                  ownerReferences:
                  - {apiVersion: apps/v1, kind: ReplicaSet, name: till-7d4b9, uid: u, controller: true}
                spec:
                  initContainers: [{name: first}]
                  containers:
                  - name: main
                    securityContext: {privileged: true}
                    livenessProbe: {exec: {command: [/bin/cat, /tmp/a b]}}
                    readinessProbe: {httpGet: {port: 80}}
                  ephemeralContainers: [{name: debug}]
                status:
                  initContainerStatuses:
                  - name: first
                    containerID: containerd://1111
                    image: first:1
                    imageID: first@sha256:1
                    state: {terminated: {containerID: containerd://1111, startedAt: "2026-01-02T03:04:06Z", exitCode: 0}}
                  containerStatuses:
                  - name: main
                    containerID: containerd://3333
                    image: till:1
                    imageID: till@sha256:1
                    restartCount: 1
                    lastState: {terminated: {containerID: containerd://2222, startedAt: "2026-01-02T03:04:07Z", exitCode: 1}}
                    state: {running: {startedAt: "2026-01-02T03:04:08Z"}}
                  ephemeralContainerStatuses:
                  - {name: debug, state: {waiting: {reason: ContainerCreating}}}
                """);

    assertThat(pod.containers()).containsOnlyKeys("1111", "2222", "3333");
    var probes = List.of(Probe.of(List.of("cat", "/tmp/a b")));
    assertThat(pod.containers())
        .containsEntry(
            "3333",
            new Container(
                "containerd://3333",
                "main",
                "till@sha256:1",
                "till:1",
                nanos("2026-01-02T03:04:08Z"),
                true,
                probes));
    assertThat(pod.containers().get("2222"))
        .extracting(Container::id, Container::startNanos)
        .containsExactly("containerd://2222", nanos("2026-01-02T03:04:07Z"));
    assertThat(pod.containers().get("1111")).extracting(Container::name).isEqualTo("first");
    assertThat(pod.told().workload()).isEqualTo("till");
    assertThat(pod.told().workloadKind()).isEqualTo("Deployment");
    assertThat(pod.told().annotations()).isEmpty();
    assertThat(pod.cgroupUid()).isEqualTo(pod.uid());
    assertThat(pod.created()).isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
  }

  @Test
  void aPodThatHasNotBegunIsAPod() {
    var pod = read(HEAD);

    assertThat(pod.containers()).isEmpty();
    assertThat(pod.told().labels()).isEmpty();
    assertThat(pod.told().workloadKind()).isEqualTo("Pod");
  }

  @Test
  void aStaticPodsCgroupIsCalledAfterItsHash() {
    var pod =
        read(
            HEAD
                + "  annotations: {kubernetes.io/config.mirror: 5e9f1d2c3b4a59687786950a1b2c3d4e}\n");

    assertThat(pod.cgroupUid()).isEqualTo("5e9f1d2c3b4a59687786950a1b2c3d4e");
  }

  @Test
  void annotationsAreToldWhereTheyAreAskedFor() {
    var yaml = HEAD + "  annotations: {note: here}\n";

    assertThat(new PodReader(true).read(pod(yaml)).told().annotations())
        .isEqualTo(Map.of("note", "here"));
  }

  @ParameterizedTest
  @CsvSource({
    "ReplicaSet, till-7d4b9, 7d4b9, till, Deployment",
    "ReplicaSet, till-7d4b9, 11111, till-7d4b9, ReplicaSet",
    "ReplicaSet, till, '', till, ReplicaSet",
    "DaemonSet, agent, '', agent, DaemonSet",
    "StatefulSet, db, '', db, StatefulSet",
    "Job, backup-29412345, '', backup, CronJob",
    "Job, backup, '', backup, Job",
    "Job, backup-1, '', backup-1, Job",
    "Rollout, till, '', till, Rollout",
  })
  void aWorkloadIsWhatMadeThePod(
      String kind, String owner, String hash, String workload, String workloadKind) {
    var labels = hash.isEmpty() ? "{}" : "{pod-template-hash: \"" + hash + "\"}";
    var pod =
        read(
            HEAD
                + "  labels: %s\n  ownerReferences: [{apiVersion: a/v1, kind: %s, name: %s, uid: u, controller: true}]\n"
                    .formatted(labels, kind, owner));

    assertThat(pod.told().workload()).isEqualTo(workload);
    assertThat(pod.told().workloadKind()).isEqualTo(workloadKind);
  }

  private static NodePod read(String yaml) {
    return new PodReader(false).read(pod(yaml));
  }

  private static Pod pod(String yaml) {
    return Serialization.unmarshal("apiVersion: v1\nkind: Pod\n" + yaml, Pod.class);
  }

  private static long nanos(String time) {
    return TimeUnit.SECONDS.toNanos(Instant.parse(time).getEpochSecond());
  }
}
