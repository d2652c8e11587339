package dev.skep.events;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A hook of a policy was met.
 *
 * @param args in the order of the policy; taken as it is, not copied, so hand over a list that
 *     nobody changes any more
 * @param returned what the call returned, null where the policy does not ask for it
 * @param action what the matching selector does; {@link Action#UNKNOWN} if none
 * @param returnAction what the matching return selector does; {@link Action#UNKNOWN} if none
 */
public record ProcessKprobe(
    long timeNanos,
    ProcessRef process,
    @Nullable ProcessRef parent,
    Hook hook,
    List<Argument> args,
    @Nullable Argument returned,
    Action action,
    Action returnAction,
    List<ProcessRef> ancestors)
    implements ProcessEvent {

  /** Without ancestors. */
  public ProcessKprobe(
      long timeNanos,
      ProcessRef process,
      @Nullable ProcessRef parent,
      Hook hook,
      List<Argument> args,
      @Nullable Argument returned,
      Action action,
      Action returnAction) {
    this(timeNanos, process, parent, hook, args, returned, action, returnAction, List.of());
  }
}
