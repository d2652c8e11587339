package dev.skep.events;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One event of one process. */
public sealed interface ProcessEvent extends Event
    permits ProcessExec, ProcessExit, ProcessKprobe, ProcessLsm, ProcessTracepoint {

  /** Whose event it is. */
  ProcessRef process();

  /**
   * The process's parent, null where it is not known (its exec was before the agent's start, or it
   * fell out of the cache).
   */
  @Nullable ProcessRef parent();

  /**
   * From the grandparent up, as far as is known; empty where the agent was not told to add them.
   * Taken as it is, not copied: a list that nobody changes any more.
   */
  List<ProcessRef> ancestors();
}
