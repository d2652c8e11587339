package dev.skep.bpf.ring;

/**
 * How long the consumer sleeps between two drains. Waking it costs both sides 20 to 45 us, and it
 * wakes to cold caches, which at 5,500 programs a second made an event a quarter dearer at 20 ms
 * than at 40; a record that waits costs nothing: so it looks seldom, but never so seldom that the
 * ring could fill or that an event would be late.
 */
final class Pace {
  private static final long FIRST_NANOS = 500_000;
  private static final long LONGEST_NANOS = 40_000_000;

  private final long quarterRing;
  private long sleep = FIRST_NANOS;

  Pace(long ringBytes) {
    this.quarterRing = ringBytes / 4;
  }

  /**
   * The sleep in nanoseconds after a drain that found {@code bytes}, more than 0, which had come
   * within {@code nanos}: 0.5 ms first, then twice the last, up to 40 ms, and at most what a
   * quarter of the ring lasts at this rate.
   */
  long afterDrain(long bytes, long nanos) {
    long now = sleep;
    sleep = Math.min(2 * sleep, LONGEST_NANOS);
    double nanosPerByte = (double) Math.max(nanos, 1) / (double) bytes;
    return Math.min(now, (long) ((double) quarterRing * nanosPerByte));
  }

  void afterIdle() {
    sleep = FIRST_NANOS;
  }
}
