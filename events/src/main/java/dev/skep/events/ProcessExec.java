package dev.skep.events;

import org.jspecify.annotations.Nullable;

/** A process began to run another program. */
public record ProcessExec(long timeNanos, ProcessRef process, @Nullable ProcessRef parent)
    implements Event {}
