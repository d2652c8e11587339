package dev.skep.events;

import org.jspecify.annotations.Nullable;

/**
 * One event of one process. Times are wall-clock nanoseconds since 1970-01-01 UTC. Immutable; any
 * thread.
 */
public sealed interface Event permits ProcessExec, ProcessExit, ProcessKprobe {

  /** When it happened. */
  long timeNanos();

  /** Whose event it is. */
  ProcessRef process();

  /**
   * The process's parent, null where it is not known (its exec was before the agent's start, or it
   * fell out of the cache).
   */
  @Nullable ProcessRef parent();
}
