package dev.skep.agent.event;

import dev.skep.events.KernelText;
import dev.skep.events.ProcessThrottle;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The cgroups that are throttled now. Each keeps the name that it had, since it may be gone by the
 * time that its throttling ends. One thread.
 */
public final class Throttles {
  /** Names of cgroups. */
  public interface Cgroups {
    /** The path below the root of the hierarchy; empty if there is no such cgroup any more. */
    Optional<String> path(long id);
  }

  private final Cgroups cgroups;
  private final Map<Long, String> throttled = new HashMap<>();

  Throttles(Cgroups cgroups) {
    this.cgroups = cgroups;
  }

  ProcessThrottle start(long cgroup, long time) {
    var name = name(cgroup);
    throttled.put(cgroup, name);
    return new ProcessThrottle(time, ProcessThrottle.Type.START, name);
  }

  ProcessThrottle stop(long cgroup, long time) {
    var known = throttled.remove(cgroup);
    return new ProcessThrottle(
        time, ProcessThrottle.Type.STOP, known == null ? name(cgroup) : known);
  }

  private String name(long cgroup) {
    return KernelText.wellFormed(cgroups.path(cgroup).orElseGet(() -> "cgroup " + cgroup));
  }
}
