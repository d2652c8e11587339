package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.SkepKernel.ThrottleEnd;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.bpf.libbpf.Libc;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Cgroups of which not everything is told: the kernel says since when, this ends it. */
final class Throttles {
  private static final long LAST = Structs.offset(Structs.THROTTLE_VALUE, "last");
  private static final long SUPPRESSED = Structs.offset(Structs.THROTTLE_VALUE, "suppressed");
  private static final int QUIET_INTERVALS = 5;
  private static final Duration QUIET_LEAST = Duration.ofSeconds(5);

  private final KernelMap throttled;
  private final boolean limited;
  private final long quietNanos;

  /** As the last look found it. Without a limit none comes to those that an earlier agent left. */
  private boolean any = true;

  /**
   * @param limit that holds now; null: none, and what an earlier agent's left ends soon
   */
  Throttles(NodeMaps maps, ProcessOptions.@Nullable Throttle limit) throws BpfException {
    this.throttled = maps.get("throttled");
    this.limited = limit != null;
    this.quietNanos =
        limit == null
            ? QUIET_LEAST.toNanos()
            : Math.max(
                QUIET_LEAST.toNanos(), limit.interval().multipliedBy(QUIET_INTERVALS).toNanos());
  }

  List<ThrottleEnd> end() throws BpfException {
    if (!limited && !any) {
      return List.of();
    }
    var quiet = new ArrayList<Long>();
    var entries = new AtomicInteger();
    long before = Libc.bootTime() - quietNanos;
    throttled.forEach((key, value) -> {
      entries.incrementAndGet();
      if (value.get(JAVA_LONG, LAST) < before) {
        quiet.add(key.get(JAVA_LONG, 0));
      }
    });
    any = entries.get() > 0;
    var ends = new ArrayList<ThrottleEnd>();
    try (var arena = Arena.ofConfined()) {
      var key = arena.allocate(JAVA_LONG);
      var value = arena.allocate(Structs.THROTTLE_VALUE);
      for (long cgroup : quiet) {
        key.set(JAVA_LONG, 0, cgroup);
        // Again: what was suppressed since belongs to it.
        if (throttled.get(key, value) && value.get(JAVA_LONG, LAST) < before) {
          throttled.delete(key);
          ends.add(new ThrottleEnd(cgroup, value.get(JAVA_LONG, SUPPRESSED)));
        }
      }
    }
    return ends;
  }
}
