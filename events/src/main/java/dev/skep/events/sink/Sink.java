package dev.skep.events.sink;

import dev.skep.events.json.LineConsumer;

/**
 * Takes lines and never fails: what cannot be written is counted. {@link #write}, {@link #flush}
 * and {@link #close} belong to one producer thread, {@link #counts} to any. The producer must not
 * be interrupted: that would close the file beneath it.
 */
public interface Sink extends LineConsumer, AutoCloseable {

  /** Writes out what is buffered. For the moment when no more events are at hand. */
  void flush();

  Counts counts();

  @Override
  void close();

  /**
   * Since the sink was made.
   *
   * @param written lines that the operating system took
   * @param lost lines that it did not and that are gone
   */
  record Counts(long written, long lost) {}
}
