package dev.skep.agent.event;

import dev.skep.agent.process.CachedProcess;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.TracedContainer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is to be told of containers whose pods are not known yet. Bounded in number, size and time;
 * what is told of one process stays in order. One thread.
 */
final class AwaitedPods {
  /**
   * @param entries at most
   * @param bytes an estimate of what they take, at most
   */
  record Limits(int entries, long bytes) {}

  private record Waiting(
      ProcessKey process,
      @Nullable TracedContainer container,
      long since,
      long bytes,
      Runnable tell) {}

  private final ArrayDeque<Waiting> line = new ArrayDeque<>();
  private final Map<ProcessKey, Integer> processes = new HashMap<>();
  private final Limits limits;
  private final LongSupplier clock;
  private long bytes;

  /**
   * @param clock nanoseconds since boot
   */
  AwaitedPods(Limits limits, LongSupplier clock) {
    this.limits = limits;
    this.clock = clock;
  }

  /** Whether what is told of the process in this container has to wait. */
  boolean waitsFor(CachedProcess process, @Nullable TracedContainer container) {
    return isAwaited(container) || (!line.isEmpty() && processes.containsKey(process.key()));
  }

  /**
   * Tells later.
   *
   * @param bytes that are held until then, beside the process
   */
  void add(CachedProcess process, @Nullable TracedContainer container, long bytes, Runnable tell) {
    var waiting =
        new Waiting(process.key(), container, clock.getAsLong(), bytes + process.bytes(), tell);
    line.addLast(waiting);
    processes.merge(process.key(), 1, Integer::sum);
    this.bytes += waiting.bytes();
    while (line.size() > limits.entries() || this.bytes > limits.bytes()) {
      tell(line.removeFirst());
    }
  }

  /** Something was learned of containers. */
  void release() {
    if (line.isEmpty()) {
      return;
    }
    var behind = new HashSet<ProcessKey>();
    for (var waiting = line.iterator(); waiting.hasNext(); ) {
      var next = waiting.next();
      if (isAwaited(next.container()) || behind.contains(next.process())) {
        behind.add(next.process());
      } else {
        waiting.remove();
        tell(next);
      }
    }
  }

  /** Lets go of what has waited since before {@code time}, nanoseconds since boot. */
  void before(long time) {
    boolean any = false;
    for (var waiting : line) {
      if (waiting.since() >= time) {
        break;
      }
      if (waiting.container() != null) {
        waiting.container().giveUp();
      }
      any = true;
    }
    if (any) {
      release();
    }
  }

  int size() {
    return line.size();
  }

  private static boolean isAwaited(@Nullable TracedContainer container) {
    return container != null && container.isAwaited();
  }

  private void tell(Waiting waiting) {
    processes.computeIfPresent(waiting.process(), (_, count) -> count == 1 ? null : count - 1);
    bytes -= waiting.bytes();
    waiting.tell().run();
  }
}
