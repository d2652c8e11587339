package dev.skep.agent.report;

import java.time.Duration;

/**
 * When the next report is due: soon after a change that people wait for, after a while for counters
 * alone, and later and later while the API server is away. Times are nanoseconds of any steady
 * clock. One thread.
 */
public final class ReportSchedule {
  /** Changes come in bunches. */
  private static final long BUNCH = Duration.ofMillis(100).toNanos();

  private static final long BETWEEN_CHANGES = Duration.ofMillis(1500).toNanos();
  private static final long BETWEEN_COUNTERS = Duration.ofSeconds(5).toNanos();
  private static final long FIRST_RETRY = Duration.ofSeconds(1).toNanos();
  private static final long LAST_RETRY = Duration.ofSeconds(5).toNanos();

  private boolean changed;
  private long changedAt;
  private boolean tried;
  private long triedAt;
  private long retry;

  /** A policy's state changed, or there was a violation. */
  public void changed(long now) {
    if (!changed) {
      changed = true;
      changedAt = now;
    }
  }

  /** What is new has been reported, or there was nothing new. */
  public void done(long now) {
    tried = true;
    triedAt = now;
    changed = false;
    retry = 0;
  }

  /** A report could not be written. */
  public void failed(long now) {
    tried = true;
    triedAt = now;
    retry = retry == 0 ? FIRST_RETRY : Math.min(2 * retry, LAST_RETRY);
  }

  /** Nanoseconds until the next report; 0 or less: it is due. */
  public long pause(long now) {
    if (!tried) {
      return 0;
    }
    long sinceTried = now - triedAt;
    if (retry != 0) {
      return retry - sinceTried;
    }
    return changed
        ? Math.max(BETWEEN_CHANGES - sinceTried, BUNCH - (now - changedAt))
        : BETWEEN_COUNTERS - sinceTried;
  }
}
