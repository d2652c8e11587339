package dev.skep.bpf.kernel;

import dev.skep.bpf.ProcessHooks.Attachment;
import dev.skep.bpf.layout.Structs;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How closely the life of processes is followed.
 *
 * @param mapEntries processes that the kernel's process map can hold
 * @param argumentBytes most bytes of one exec's arguments that are told, up to {@link
 *     #ARGUMENT_BYTES_MAX}
 * @param environmentBytes the same of its environment; 0: none is read
 * @param parentBinaries whether the kernel remembers what parents ran that are gone, for policies
 *     that select by it
 * @param throttle null: no limit
 * @param attachment null: the best that the kernel has
 */
public record ProcessOptions(
    int mapEntries,
    int argumentBytes,
    int environmentBytes,
    boolean parentBinaries,
    @Nullable Throttle throttle,
    @Nullable Attachment attachment) {
  public static final int DEFAULT_MAP_ENTRIES = 65_536;
  public static final int DEFAULT_ARGUMENT_BYTES = 32 << 10;

  /** The kernel's ARG_MAX with the common stack limit of 8 MiB. */
  public static final int ARGUMENT_BYTES_MAX = Structs.LONG_TEXT_MAX;

  private static final int LEAST_MAP_ENTRIES = 64;

  public ProcessOptions {
    if (mapEntries < LEAST_MAP_ENTRIES) {
      throw new IllegalArgumentException(
          "process map of " + mapEntries + " entries: must have at least " + LEAST_MAP_ENTRIES);
    }
    requireSize("arguments", argumentBytes);
    requireSize("environment", environmentBytes);
  }

  /**
   * @param events forks and execs of one cgroup that are told in an interval, over all CPUs; up to
   *     {@link #EVENTS_MAX}
   * @param interval at least 1 ms
   */
  public record Throttle(int events, Duration interval) {
    public static final int EVENTS_MAX = Structs.THROTTLE_EVENTS_MAX;

    public Throttle {
      if (events < 1 || events > EVENTS_MAX || interval.toMillis() < 1) {
        throw new IllegalArgumentException(
            "throttle of %d events in %s: must be 1 to %d events in at least 1 ms"
                .formatted(events, interval, EVENTS_MAX));
      }
    }
  }

  public static ProcessOptions defaults() {
    return new ProcessOptions(DEFAULT_MAP_ENTRIES, DEFAULT_ARGUMENT_BYTES, 0, false, null, null);
  }

  private static void requireSize(String of, int bytes) {
    if (bytes < 0 || bytes > ARGUMENT_BYTES_MAX) {
      throw new IllegalArgumentException(
          of + " of " + bytes + " bytes: must be between 0 and " + ARGUMENT_BYTES_MAX);
    }
  }
}
