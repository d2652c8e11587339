package dev.skep.agent.event;

import dev.skep.agent.process.CachedProcess;
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

  /**
   * An event whose call has not returned, and the process that is held for it.
   *
   * @param decided whether it is told whatever the call returns
   * @param call and path: for a violation, should there be one when it returns
   */
  record Waiting(
      CachedProcess process,
      ProcessKprobe event,
      boolean decided,
      String call,
      @Nullable String path) {}

  private final LinkedHashMap<Call, Waiting> calls = new LinkedHashMap<>();
  private final int capacity;
  private final Consumer<Waiting> early;

  /**
   * @param early takes the events that can wait no longer
   */
  AwaitedReturns(int capacity, Consumer<Waiting> early) {
    this.capacity = capacity;
    this.early = early;
  }

  void add(KernelRecord.Hook record, Waiting waiting) {
    if (calls.size() >= capacity) {
      early.accept(calls.pollFirstEntry().getValue());
    }
    var header = record.header();
    calls.put(new Call(header.tid(), header.time(), record.policy(), record.hook()), waiting);
  }

  /** The event that this return belongs to; null if it has gone out already. */
  @Nullable Waiting take(KernelRecord.Return record) {
    return calls.remove(
        new Call(record.header().tid(), record.entryTime(), record.policy(), record.hook()));
  }

  /** A process that has ended returns from nothing any more. */
  void ended(ProcessKey process) {
    for (var waiting = calls.values().iterator(); waiting.hasNext(); ) {
      var call = waiting.next();
      if (call.process().is(process)) {
        waiting.remove();
        early.accept(call);
      }
    }
  }

  /** Lets go of the calls that began before {@code time}, nanoseconds since boot. */
  void before(long time) {
    while (!calls.isEmpty() && calls.firstEntry().getKey().entryTime() < time) {
      early.accept(calls.pollFirstEntry().getValue());
    }
  }

  int size() {
    return calls.size();
  }
}
