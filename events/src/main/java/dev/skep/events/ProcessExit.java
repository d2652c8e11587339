package dev.skep.events;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The last thread of a process is gone.
 *
 * @param signal the name of the signal that ended it ({@link Signals#name}), empty if none did
 * @param status the exit status, 0 to 255; 0 where a signal ended it
 */
public record ProcessExit(
    long timeNanos,
    ProcessRef process,
    @Nullable ProcessRef parent,
    String signal,
    int status,
    List<ProcessRef> ancestors)
    implements ProcessEvent {

  /** Without ancestors. */
  public ProcessExit(
      long timeNanos, ProcessRef process, @Nullable ProcessRef parent, String signal, int status) {
    this(timeNanos, process, parent, signal, status, List.of());
  }
}
