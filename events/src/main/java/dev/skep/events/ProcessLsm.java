package dev.skep.events;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A policy's hook of the kernel's security modules was met.
 *
 * @param hook its function is the hook's name, such as {@code file_open}
 * @param args in the order of the policy; taken as it is, not copied, so hand over a list that
 *     nobody changes any more
 * @param action what the matching selector does; {@link Action#UNKNOWN} if none
 */
public record ProcessLsm(
    long timeNanos,
    ProcessRef process,
    @Nullable ProcessRef parent,
    Hook hook,
    List<Argument> args,
    Action action,
    List<ProcessRef> ancestors)
    implements ProcessEvent {}
