package dev.skep.events;

/**
 * Something that happened on the node. Times are wall-clock nanoseconds since 1970-01-01 UTC.
 * Immutable; any thread.
 */
public sealed interface Event permits ProcessEvent, ProcessThrottle {

  /** When it happened. */
  long timeNanos();
}
