package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LossesTest {
  private final Map<String, Long> inKernel = new HashMap<>(Map.of("ring_exec", 5L, "both", 1L));
  private final Map<String, Long> inAgent = new HashMap<>(Map.of("export", 0L, "both", 2L));
  private boolean closed;

  private final Losses losses =
      new Losses(
          () -> {
            if (closed) {
              throw new BpfException("kernel", 0, "closed");
            }
            return inKernel;
          },
          () -> inAgent);

  @Test
  void allStagesAreInOnePlace() {
    assertThat(losses.byCause()).isEqualTo(Map.of("ring_exec", 5L, "both", 3L, "export", 0L));
  }

  @Test
  void whatWasLostBeforeTheStartIsNotToldAsLostSince() {
    assertThat(losses.sinceStart()).isEmpty();

    inKernel.put("ring_exec", 17L);
    inAgent.put("export", 3L);

    assertThat(losses.sinceStart()).isEqualTo("export 3, ring_exec 12");
  }

  @Test
  void aCauseThatIsNewCountsWhole() {
    inAgent.put("queue", 4L);

    assertThat(losses.sinceStart()).isEqualTo("queue 4");
  }

  @Test
  void ofAKernelThatIsClosedTheLastWordStands() {
    inKernel.put("ring_exec", 6L);
    losses.warn();

    closed = true;
    inKernel.put("ring_exec", 100L);

    assertThat(losses.sinceStart()).isEqualTo("ring_exec 1");
  }
}
