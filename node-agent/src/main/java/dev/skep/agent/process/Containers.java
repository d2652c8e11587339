package dev.skep.agent.process;

import dev.skep.events.TracedContainer;
import org.jspecify.annotations.Nullable;

/** The containers that cgroups belong to. */
public interface Containers {
  Containers NONE = _ -> null;

  /** Null for a cgroup of the host. */
  @Nullable TracedContainer of(long cgroup);
}
