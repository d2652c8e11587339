package dev.skep.events.sink;

import dev.skep.events.json.LineConsumer;

/**
 * Takes lines and never fails, nor waits for whoever reads them: what cannot be written is counted.
 * {@link #write}, {@link #flush} and {@link #close} belong to one producer thread, {@link #counts}
 * to any. The producer must not be interrupted: that would close the file beneath it.
 */
public interface Sink extends LineConsumer, AutoCloseable {

  /** Lets what came so far be written now. For the moment when no more events are at hand. */
  void flush();

  Counts counts();

  /** Waits a few seconds at most for what came so far to be written. */
  @Override
  void close();

  /**
   * Since the sink was made.
   *
   * @param written lines that the operating system took
   * @param overflowed lines lost because the output works, but takes them too slowly or not at all
   * @param failed lines lost because the output does not work
   */
  record Counts(long written, long overflowed, long failed) {

    /** Lines that are gone, whatever the cause. */
    public long lost() {
      return overflowed + failed;
    }
  }
}
