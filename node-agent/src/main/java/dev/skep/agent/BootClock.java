package dev.skep.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.LongUnaryOperator;

/**
 * From the kernel's clock, which counts from boot, to the time of day. One offset for all, measured
 * again from time to time since the time of day is corrected now and then. Any thread.
 */
final class BootClock implements LongUnaryOperator {
  private static final Path UPTIME = Path.of("/proc/uptime");
  private static final long HUNDREDTH = TimeUnit.MILLISECONDS.toNanos(10);

  /** Of 1970 minus boot. */
  private volatile long offset;

  BootClock() {
    measure();
  }

  /**
   * Waits up to 10 ms for the file, which has hundredths of a second, to change: that moment is
   * known to some ten microseconds.
   */
  void measure() {
    try {
      long began = System.nanoTime();
      long first = uptime();
      long now;
      do {
        now = uptime();
      } while (now == first && System.nanoTime() - began < 5 * HUNDREDTH);
      offset = timeOfDay() - now;
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + UPTIME, e);
    }
  }

  /** Nanoseconds since boot. */
  long now() {
    return timeOfDay() - offset;
  }

  /** From nanoseconds since boot to nanoseconds since 1970. */
  @Override
  public long applyAsLong(long sinceBoot) {
    return sinceBoot + offset;
  }

  private static long uptime() throws IOException {
    var text = Files.readString(UPTIME);
    int dot = text.indexOf('.');
    return TimeUnit.SECONDS.toNanos(Long.parseLong(text.substring(0, dot)))
        + HUNDREDTH * Long.parseLong(text.substring(dot + 1, dot + 3));
  }

  private static long timeOfDay() {
    var now = Instant.now();
    return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
  }
}
