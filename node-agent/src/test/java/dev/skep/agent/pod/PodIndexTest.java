package dev.skep.agent.pod;

import static dev.skep.agent.pod.TestPods.id;
import static dev.skep.agent.pod.TestPods.mirror;
import static dev.skep.agent.pod.TestPods.pod;
import static dev.skep.agent.pod.TestPods.uid;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PodIndexTest {
  private static final String HASH = "5e9f1d2c3b4a59687786950a1b2c3d4e";

  private final Set<String> running = new HashSet<>();
  private final PodIndex pods = new PodIndex(running::contains);

  @Test
  void aRestartedContainerAndTheOneBeforeItAreBothKnown() {
    pods.put(pod(1, "ns", Map.of(), 10));
    pods.put(pod(1, "ns", Map.of(), 11));

    assertThat(Objects.requireNonNull(pods.find(uid(1))).containers())
        .containsOnlyKeys(id(10), id(11));
    assertThat(pods.ofContainer(id(10))).isEqualTo(pods.find(uid(1)));
    assertThat(pods.ofContainer(id(12))).isNull();
  }

  @Test
  void aContainerThatRestartsForEverTakesNoEverGrowingRoom() {
    for (int i = 0; i < 1000; i++) {
      pods.put(pod(1, "ns", Map.of(), i));
    }

    assertThat(Objects.requireNonNull(pods.find(uid(1))).containers())
        .hasSize(64)
        .containsKeys(id(999), id(936));
  }

  @Test
  void aDeletedPodIsKnownForAWhileAndForAsLongAsItRuns() {
    running.add(uid(0));
    for (int i = 0; i < PodIndex.DELETED + 2; i++) {
      pods.put(pod(i, "ns", Map.of(), i));
      pods.remove(uid(i));
    }

    assertThat(pods.find(uid(0))).isNotNull();
    assertThat(pods.find(uid(1))).isNull();
    assertThat(pods.find(uid(2))).isNull();
    assertThat(pods.find(uid(3))).isNotNull();
    assertThat(pods.ofContainer(id(PodIndex.DELETED))).isNotNull();
  }

  @Test
  void aStaticPodIsFoundByItsHashAndNobodyElseCanClaimIt() {
    var real = mirror(1, HASH, Instant.ofEpochSecond(100));
    var forged = mirror(2, HASH, Instant.ofEpochSecond(200));
    pods.put(forged);
    pods.put(real);
    assertThat(pods.find(HASH)).isEqualTo(real);

    pods.put(forged);
    assertThat(pods.find(HASH)).isEqualTo(real);

    pods.remove(real.uid());
    assertThat(pods.find(HASH)).isEqualTo(forged);
  }

  @Test
  void anObjectsOwnUidIsItsOwn() {
    var victim = pod(2, "ns", Map.of());
    pods.put(mirror(1, uid(2), Instant.EPOCH));
    pods.put(victim);

    assertThat(pods.find(uid(2))).isEqualTo(victim);
  }
}
