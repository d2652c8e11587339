package dev.skep.bpf.ring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long MILLI = 1_000_000;
  private final Pace pace = new Pace(4 << 20);

  @Test
  void aSteadyTrickleIsLookedAtEveryFortyMilliseconds() {
    assertThat(pace.afterDrain(300, 10 * MILLI)).isEqualTo(MILLI / 2);
    assertThat(pace.afterDrain(300, 10 * MILLI)).isEqualTo(MILLI);
    for (int i = 0; i < 6; i++) {
      pace.afterDrain(300, 10 * MILLI);
    }
    assertThat(pace.afterDrain(300, 10 * MILLI)).isEqualTo(40 * MILLI);
  }

  @Test
  void aFloodIsLookedAtBeforeAQuarterOfTheRingIsFull() {
    for (int i = 0; i < 5; i++) {
      pace.afterDrain(300, 10 * MILLI);
    }
    // A ring of 4 MiB at 1 MiB per millisecond.
    assertThat(pace.afterDrain(1 << 20, MILLI)).isEqualTo(MILLI);
    assertThat(pace.afterDrain(4 << 20, MILLI)).isEqualTo(MILLI / 4);
  }

  @Test
  void afterQuietItBeginsAnew() {
    pace.afterDrain(300, MILLI);
    pace.afterDrain(300, MILLI);
    pace.afterIdle();
    assertThat(pace.afterDrain(300, 10 * MILLI)).isEqualTo(MILLI / 2);
  }
}
