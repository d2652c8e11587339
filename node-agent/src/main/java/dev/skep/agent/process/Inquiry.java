package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.ProcessKey;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Asks the kernel about processes whose records are missing. That takes some ten microseconds, so
 * that it is done {@link #PER_SECOND} times a second at most, by the records' clock. One thread.
 */
final class Inquiry {
  static final int PER_SECOND = 100;

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final AliveProcesses kernel;
  private long windowBegan;
  private int asked;

  Inquiry(AliveProcesses kernel) {
    this.kernel = kernel;
  }

  /**
   * What a process runs.
   *
   * @param began of the program that is meant; 0: whatever it runs
   * @param time of the record that makes one ask, nanoseconds since boot
   * @return null if it has ended, runs something else by now, or too much was asked lately
   */
  @Nullable Exec about(ProcessKey key, long began, long time) {
    if (time - windowBegan >= SECOND || time < windowBegan) {
      windowBegan = time;
      asked = 0;
    }
    if (asked == PER_SECOND) {
      return null;
    }
    asked++;
    return kernel
        .process(key.pid())
        .filter(seen -> seen.header().process().equals(key))
        .filter(seen -> began == 0 || seen.header().began() == began)
        .orElse(null);
  }
}
