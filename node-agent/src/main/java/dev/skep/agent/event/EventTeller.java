package dev.skep.agent.event;

import dev.skep.agent.event.AwaitedReturns.Waiting;
import dev.skep.agent.process.CachedProcess;
import dev.skep.agent.process.ProcessCache;
import dev.skep.agent.process.ProcessDetails.Family;
import dev.skep.agent.process.ProcessNames;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Following;
import dev.skep.crds.v1alpha1.Violation;
import dev.skep.events.Action;
import dev.skep.events.Event;
import dev.skep.events.ProcessEvent;
import dev.skep.events.ProcessExec;
import dev.skep.events.ProcessExit;
import dev.skep.events.ProcessKprobe;
import dev.skep.events.ProcessLsm;
import dev.skep.events.ProcessRef;
import dev.skep.events.ProcessTracepoint;
import dev.skep.events.Signals;
import dev.skep.events.TracedContainer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Turns the kernel's records into events, each told once, in the order of the ring but for those
 * that wait for their call to return. One thread at a time.
 */
public final class EventTeller {
  private static final int SIGKILL = 9;
  private static final int AWAITED_RETURNS = 4096;
  private static final int AWAITED_PODS = 4096;

  /** Of the heap, for events that wait for their pods. */
  private static final int PODS_SHARE = 16;

  private final ProcessCache processes;
  private final ProcessNames names;
  private final Set<Family> withAncestors;
  private final Throttles throttles;
  private final PolicyBook policies;
  private final LongUnaryOperator wallTime;
  private final Consumer<Event> events;
  private final Consumer<Violation> violations;
  private final AwaitedReturns returns;
  private final AwaitedPods pods;
  private final AtomicLong lateReturns = new AtomicLong();
  private final AtomicLong undecided = new AtomicLong();
  private final AtomicLong missingPods = new AtomicLong();

  /**
   * @param withAncestors kinds of events that tell all parents
   * @param cgroups names of cgroups
   * @param wallTime from nanoseconds since boot to nanoseconds since 1970
   * @param clock nanoseconds since boot
   */
  public EventTeller(
      ProcessCache processes,
      ProcessNames names,
      Set<Family> withAncestors,
      Throttles.Cgroups cgroups,
      PolicyBook policies,
      LongUnaryOperator wallTime,
      LongSupplier clock,
      Consumer<Event> events,
      Consumer<Violation> violations) {
    this.processes = processes;
    this.names = names;
    this.withAncestors = withAncestors;
    this.throttles = new Throttles(cgroups);
    this.policies = policies;
    this.wallTime = wallTime;
    this.events = events;
    this.violations = violations;
    this.returns = new AwaitedReturns(AWAITED_RETURNS, this::tellWaiting);
    this.pods =
        new AwaitedPods(
            new AwaitedPods.Limits(AWAITED_PODS, Runtime.getRuntime().maxMemory() / PODS_SHARE),
            clock);
  }

  /** A process that was there before the agent; oldest first, before any record. */
  public void existing(KernelRecord.Exec exec) {
    tellExec(exec.header().process().start(), exec, processes.existing(exec));
  }

  public void tell(KernelRecord record) {
    switch (record) {
      case KernelRecord.Fork fork -> processes.forked(fork);
      case KernelRecord.Exec exec -> tellExec(exec.header().time(), exec, processes.executed(exec));
      case KernelRecord.Exit exit -> tellExit(exit);
      case KernelRecord.Hook hook -> tellHook(hook);
      case KernelRecord.Return returned -> tellReturn(returned);
      case KernelRecord.Throttle(var header) ->
          events.accept(throttles.start(header.cgroup(), wallTime.applyAsLong(header.time())));
      case KernelRecord.CgroupMade _, KernelRecord.CgroupGone _ -> {} // no event tells of cgroups
    }
  }

  /**
   * Lets go of events whose calls began before {@code time}, nanoseconds since boot, and have not
   * returned, of those that have waited for their pods since then, and of processes that have
   * ended. To be called about once a second.
   */
  public void stopWaiting(long time) {
    returns.before(time);
    pods.before(time);
    processes.forgetEnded();
  }

  /** Something was learned of pods: tells what has waited for it. */
  public void podsChanged() {
    pods.release();
  }

  /**
   * The cgroup keeps within its limit again.
   *
   * @param time nanoseconds since boot
   */
  public void throttleEnded(long cgroup, long time) {
    events.accept(throttles.stop(cgroup, wallTime.applyAsLong(time)));
  }

  /**
   * What was told incompletely, by cause: returns whose events had gone out without them, events
   * that the return would have decided but never did, records of processes or parents that were not
   * known, processes that had to be forgotten, events of containers whose pods were not known in
   * time. Any thread.
   */
  public Map<String, Long> losses() {
    return Map.of(
        "late_return",
        lateReturns.get(),
        "undecided_return",
        undecided.get(),
        "unknown_process",
        processes.misses(),
        "process_cache_full",
        processes.evictions(),
        "pod_missing",
        missingPods.get());
  }

  private void tellExec(long time, KernelRecord.Exec exec, CachedProcess process) {
    tell(
        process,
        new ProcessExec(
            wallTime.applyAsLong(time),
            process.ref(exec.header().tid()),
            process.parentRef(),
            ancestors(process, Family.BASE),
            names.binary(exec)),
        0);
  }

  /**
   * Once its pod is known, or cannot be waited for any longer.
   *
   * @param bytes that the event holds beside its process
   */
  private void tell(CachedProcess process, ProcessEvent event, long bytes) {
    var container = event.process().container();
    if (pods.waitsFor(process, container)) {
      pods.add(process, container, bytes, () -> tell(event));
    } else {
      tell(event);
    }
  }

  private void tell(ProcessEvent event) {
    var container = event.process().container();
    if (container != null && container.lacksPod()) {
      missingPods.incrementAndGet();
    }
    events.accept(event);
  }

  private List<ProcessRef> ancestors(CachedProcess process, Family family) {
    return withAncestors.contains(family) ? process.ancestorRefs() : List.of();
  }

  private void tellExit(KernelRecord.Exit exit) {
    var header = exit.header();
    returns.ended(header.process());
    var process = processes.exiting(header);
    tell(
        process,
        new ProcessExit(
            wallTime.applyAsLong(header.time()),
            process.ref(header.tid()),
            process.parentRef(),
            Signals.name(exit.code() & 0x7f),
            (exit.code() >> 8) & 0xff,
            ancestors(process, Family.BASE)),
        0);
    processes.ended(header.process());
  }

  private void tellHook(KernelRecord.Hook record) {
    var header = record.header();
    var process = processes.of(header);
    var hook = policies.hook(record);
    long time = wallTime.applyAsLong(header.time());
    var caller = process.ref(header.tid());
    var arguments = Arguments.of(record.arguments(), hook);
    switch (hook.kind()) {
      case KPROBE -> {
        var event =
            new ProcessKprobe(
                time,
                caller,
                process.parentRef(),
                hook.told(record),
                arguments,
                null,
                action(record.action(), record.signal()),
                Action.UNKNOWN,
                ancestors(process, Family.KPROBE));
        if (record.following() == Following.NOTHING) {
          tell(process, event, Arguments.bytes(arguments));
        } else {
          processes.hold(process);
          boolean decided = record.following() == Following.VALUE;
          var path = Arguments.path(record.arguments());
          returns.add(record, new Waiting(process, event, decided, hook.call(record), path));
        }
      }
      case TRACEPOINT ->
          tell(
              process,
              new ProcessTracepoint(
                  time,
                  caller,
                  process.parentRef(),
                  hook.subsystem(),
                  hook.told(record),
                  arguments,
                  action(record.action(), record.signal()),
                  ancestors(process, Family.TRACEPOINT)),
              Arguments.bytes(arguments));
      case LSM ->
          tell(
              process,
              new ProcessLsm(
                  time,
                  caller,
                  process.parentRef(),
                  hook.told(record),
                  arguments,
                  action(record.action(), record.signal()),
                  ancestors(process, Family.LSM)),
              Arguments.bytes(arguments));
    }
    if (record.action() != KernelRecord.Action.POST) {
      var path = Arguments.path(record.arguments());
      var did =
          new Deed(record.policy(), hook.call(record), path, record.action(), record.signal());
      tell(process, caller.container(), did, time);
    }
  }

  /** What a policy did, or would have done, to a process. */
  private record Deed(
      String policy, String call, @Nullable String path, KernelRecord.Action action, int signal) {}

  /** A violation, as its event. */
  private void tell(
      CachedProcess process, @Nullable TracedContainer container, Deed did, long time) {
    if (pods.waitsFor(process, container)) {
      pods.add(
          process, container, 0, () -> violations.accept(violation(did, process, container, time)));
    } else {
      violations.accept(violation(did, process, container, time));
    }
  }

  private void tellReturn(KernelRecord.Return record) {
    var waiting = returns.take(record);
    if (waiting == null) {
      lateReturns.incrementAndGet();
      return;
    }
    var event = waiting.event();
    var action = record.action();
    if (action != null) {
      var policy = policies.find(record.policy(), record.version());
      var hook = policy == null ? null : policy.hooks().get(record.hook());
      tell(
          waiting.process(),
          new ProcessKprobe(
              event.timeNanos(),
              event.process(),
              event.parent(),
              event.hook(),
              event.args(),
              Arguments.returned(
                  record.value(),
                  hook == null ? null : hook.returned(),
                  hook == null ? "" : hook.returnedLabel()),
              event.action(),
              action == KernelRecord.Action.POST
                  ? event.returnAction()
                  : action(action, record.signal()),
              event.ancestors()),
          Arguments.bytes(event.args()));
      if (action != KernelRecord.Action.POST) {
        tell(
            waiting.process(),
            event.process().container(),
            new Deed(record.policy(), waiting.call(), waiting.path(), action, record.signal()),
            wallTime.applyAsLong(record.header().time()));
      }
    }
    processes.letGo(waiting.process());
  }

  /** Without what its call returns. */
  private void tellWaiting(Waiting waiting) {
    if (waiting.decided()) {
      tell(waiting.process(), waiting.event(), Arguments.bytes(waiting.event().args()));
    } else {
      undecided.incrementAndGet();
    }
    processes.letGo(waiting.process());
  }

  private static Violation violation(
      Deed did, CachedProcess process, @Nullable TracedContainer container, long time) {
    var pod = container == null ? null : container.facts().pod();
    return new Violation(
        ViolationTime.of(time),
        did.policy(),
        null,
        pod == null ? null : pod.namespace(),
        pod == null ? null : pod.name(),
        pod == null ? null : pod.uid(),
        Integer.toUnsignedLong(process.key().pid()),
        process.traced().facts().binary(),
        did.call(),
        did.path(),
        word(did),
        did.action().enforced());
  }

  /** As policies call it. */
  private static String word(Deed did) {
    return switch (action(did.action(), did.signal())) {
      case SIGKILL -> "Sigkill";
      case OVERRIDE -> "Override";
      default -> "Signal";
    };
  }

  /** What the policy says, in monitor mode too. */
  private static Action action(KernelRecord.Action action, int signal) {
    return switch (action) {
      case POST -> Action.POST;
      case SIGNAL, WOULD_SIGNAL -> signal == SIGKILL ? Action.SIGKILL : Action.SIGNAL;
      case OVERRIDE, WOULD_OVERRIDE -> Action.OVERRIDE;
    };
  }
}
