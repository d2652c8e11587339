package dev.skep.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReportScheduleTest {
  private static final long MILLI = Duration.ofMillis(1).toNanos();
  private final ReportSchedule schedule = new ReportSchedule();

  /** Some clocks begin far below zero. */
  private long now = Long.MIN_VALUE / 2;

  @Test
  void theFirstReportIsDueAtOnce() {
    assertThat(schedule.pause(now)).isZero();
  }

  @Test
  void countersAloneWaitFiveSeconds() {
    schedule.done(now);

    assertThat(schedule.pause(now)).isEqualTo(5_000 * MILLI);
    assertThat(schedule.pause(now + 5_000 * MILLI)).isZero();
  }

  @Test
  void aChangeAfterALongQuietIsDueAtOnceButForItsBunch() {
    schedule.done(now);
    now += 60_000 * MILLI;
    schedule.changed(now);

    assertThat(schedule.pause(now)).isEqualTo(100 * MILLI);
    schedule.changed(now + 90 * MILLI);
    assertThat(schedule.pause(now + 100 * MILLI)).isZero();
  }

  @Test
  void howeverManyChangesThereAreOneIsReportedWithinTwoSecondsAndNotMoreOften() {
    int reports = 0;
    long longest = 0;
    long changedAt = -1;
    schedule.done(now);
    for (int millis = 0; millis < 60_000; millis++) {
      now += MILLI;
      if (millis % 7 == 0) {
        schedule.changed(now);
        changedAt = changedAt < 0 ? millis : changedAt;
      }
      if (schedule.pause(now) <= 0) {
        reports++;
        longest = Math.max(longest, millis - changedAt);
        changedAt = -1;
        schedule.done(now);
      }
    }

    assertThat(longest).isLessThan(2_000);
    assertThat(reports).isBetween(38, 40);
  }

  @Test
  void whileTheServerIsAwayItIsTriedLessAndLess() {
    schedule.failed(now);
    assertThat(schedule.pause(now)).isEqualTo(1_000 * MILLI);
    schedule.changed(now);
    assertThat(schedule.pause(now)).isEqualTo(1_000 * MILLI);
    schedule.failed(now);
    assertThat(schedule.pause(now)).isEqualTo(2_000 * MILLI);
    for (int i = 0; i < 10; i++) {
      schedule.failed(now);
    }
    assertThat(schedule.pause(now)).isEqualTo(5_000 * MILLI);

    schedule.done(now);
    assertThat(schedule.pause(now)).isEqualTo(5_000 * MILLI);
    schedule.changed(now);
    assertThat(schedule.pause(now)).isEqualTo(1_500 * MILLI);
  }
}
