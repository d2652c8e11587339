package dev.skep.events;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process began to run another program.
 *
 * @param binaryProperties null where nothing is special about the program's file, or nobody asked
 */
public record ProcessExec(
    long timeNanos,
    ProcessRef process,
    @Nullable ProcessRef parent,
    List<ProcessRef> ancestors,
    @Nullable BinaryProperties binaryProperties)
    implements ProcessEvent {

  /** An exec of which nobody wanted to know more. */
  public ProcessExec(long timeNanos, ProcessRef process, @Nullable ProcessRef parent) {
    this(timeNanos, process, parent, List.of(), null);
  }
}
