package dev.skep.agent.event;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.ProcessKprobe;
import java.util.LinkedHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Events of calls that have not returned yet. Bounded in number and in time: a call may block for
 * ever, and its event must not. What goes out early goes out without what the call returned. One
 * thread.
 */
final class AwaitedReturns {
  private record Call(int tid, long entryTime, String policy, int hook) {}

  private record Waiting(ProcessKey process, ProcessKprobe event) {}

  private final LinkedHashMap<Call, Waiting> calls = new LinkedHashMap<>();
  private final int capacity;
  private final Consumer<ProcessKprobe> early;

  /**
   * @param early takes the events that can wait no longer
   */
  AwaitedReturns(int capacity, Consumer<ProcessKprobe> early) {
    this.capacity = capacity;
    this.early = early;
  }

  void add(KernelRecord.Hook record, ProcessKprobe event) {
    if (calls.size() >= capacity) {
      early.accept(calls.pollFirstEntry().getValue().event());
    }
    var header = record.header();
    calls.put(
        new Call(header.tid(), header.time(), record.policy(), record.hook()),
        new Waiting(header.process(), event));
  }

  /** The event that this return belongs to; null if it has gone out already. */
  @Nullable ProcessKprobe take(KernelRecord.Return record) {
    var waiting =
        calls.remove(
            new Call(record.header().tid(), record.entryTime(), record.policy(), record.hook()));
    return waiting == null ? null : waiting.event();
  }

  /** A process that has ended returns from nothing any more. */
  void ended(ProcessKey process) {
    for (var waiting = calls.values().iterator(); waiting.hasNext(); ) {
      var call = waiting.next();
      if (call.process().equals(process)) {
        waiting.remove();
        early.accept(call.event());
      }
    }
  }

  /** Lets go of the calls that began before {@code time}, nanoseconds since boot. */
  void before(long time) {
    while (!calls.isEmpty() && calls.firstEntry().getKey().entryTime() < time) {
      early.accept(calls.pollFirstEntry().getValue().event());
    }
  }

  int size() {
    return calls.size();
  }
}
