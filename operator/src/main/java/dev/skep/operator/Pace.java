package dev.skep.operator;

import io.javaoperatorsdk.operator.processing.event.rate.RateLimiter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/**
 * At most {@code burst} runs at once, and one an {@code interval} in the long run. The waits of the
 * SDK's own limiter are for the time that has passed, not for the time that is left.
 */
public final class Pace implements RateLimiter<Pace.Turn> {
  private final long interval;
  private final long credit;
  private final InstantSource clock;

  public Pace(Duration interval, int burst, InstantSource clock) {
    this.interval = interval.toMillis();
    this.credit = this.interval * (burst - 1);
    this.clock = clock;
  }

  /** Of one resource. The SDK asks for one resource at a time under its own lock. */
  public static final class Turn implements RateLimitState {
    private long next;
  }

  @Override
  public Optional<Duration> isLimited(RateLimitState state) {
    if (!(state instanceof Turn turn)) {
      throw new IllegalArgumentException("not of this limiter: " + state);
    }
    long now = clock.millis();
    // A clock that was set back must not stop anything.
    turn.next = Math.min(turn.next, now + credit + interval);
    long wait = turn.next - credit - now;
    if (wait > 0) {
      return Optional.of(Duration.ofMillis(wait));
    }
    turn.next = Math.max(turn.next, now) + interval;
    return Optional.empty();
  }

  @Override
  public Turn initState() {
    return new Turn();
  }
}
