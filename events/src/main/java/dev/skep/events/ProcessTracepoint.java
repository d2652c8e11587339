package dev.skep.events;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A policy's hook on a tracepoint was met.
 *
 * @param subsystem of the tracepoint; its event is the hook's function
 * @param args in the order of the policy; taken as it is, not copied, so hand over a list that
 *     nobody changes any more
 * @param action what the matching selector does
 */
public record ProcessTracepoint(
    long timeNanos,
    ProcessRef process,
    @Nullable ProcessRef parent,
    String subsystem,
    Hook hook,
    List<Argument> args,
    Action action,
    List<ProcessRef> ancestors)
    implements ProcessEvent {}
