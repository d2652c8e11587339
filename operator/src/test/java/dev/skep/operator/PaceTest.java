package dev.skep.operator;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PaceTest {
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final InstantSource clock = () -> now;
  private final Pace pace = new Pace(Duration.ofSeconds(2), 2, clock);
  private final Pace.Turn turn = pace.initState();

  @Test
  void aBurstIsLetThroughAndThenTheWaitIsForTheTimeThatIsLeft() {
    assertThat(pace.isLimited(turn)).isEmpty();
    pass(Duration.ofMillis(100));
    assertThat(pace.isLimited(turn)).isEmpty();

    assertThat(pace.isLimited(turn)).isEqualTo(Optional.of(Duration.ofMillis(1900)));
    pass(Duration.ofMillis(1500));
    assertThat(pace.isLimited(turn)).isEqualTo(Optional.of(Duration.ofMillis(400)));
    pass(Duration.ofMillis(400));
    assertThat(pace.isLimited(turn)).isEmpty();
  }

  @Test
  void inTheLongRunThereIsOneRunAnInterval() {
    int runs = 0;
    for (int millis = 0; millis < 60_000; millis += 10) {
      if (pace.isLimited(turn).isEmpty()) {
        runs++;
      }
      pass(Duration.ofMillis(10));
    }
    assertThat(runs).isEqualTo(31);
  }

  @Test
  void aQuietTimeIsNotSavedUp() {
    pass(Duration.ofHours(1));
    assertThat(pace.isLimited(turn)).isEmpty();
    assertThat(pace.isLimited(turn)).isEmpty();
    assertThat(pace.isLimited(turn)).isPresent();
  }

  @Test
  void aClockThatIsSetBackDoesNotStopARun() {
    assertThat(pace.isLimited(turn)).isEmpty();
    pass(Duration.ofHours(-1));
    assertThat(pace.isLimited(turn)).isEqualTo(Optional.of(Duration.ofSeconds(2)));
    pass(Duration.ofSeconds(2));
    assertThat(pace.isLimited(turn)).isEmpty();
  }

  private void pass(Duration time) {
    now = now.plus(time);
  }
}
