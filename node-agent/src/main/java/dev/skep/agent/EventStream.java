package dev.skep.agent;

import dev.skep.agent.event.EventTeller;
import dev.skep.agent.event.PolicyBook;
import dev.skep.agent.pod.ContainerBook;
import dev.skep.agent.pod.NodePod;
import dev.skep.agent.process.ProcessCache;
import dev.skep.agent.process.ProcessNames;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.SkepKernel;
import dev.skep.crds.v1alpha1.Violation;
import dev.skep.events.Event;
import dev.skep.events.KernelText;
import dev.skep.events.json.EventJson;
import dev.skep.events.json.Origin;
import dev.skep.events.sink.Sink;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From the ring to the sink. The ring's thread does all the work; others come in now and then, one
 * at a time. Closes its sink.
 */
final class EventStream implements SkepKernel.Consumer, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);

  /** A call that has not returned by then is told of without what it returns. */
  private static final long PATIENCE = Duration.ofSeconds(5).toNanos();

  /** Of the heap, for what is known of processes. */
  private static final int CACHE_SHARE = 4;

  private final Sink sink;
  private final EventTeller teller;
  private final ContainerBook containers;
  private final PolicyScopes scopes;
  private final AtomicLong untold = new AtomicLong();

  /** Read without the lock: an output that blocks must not keep the agent from ending. */
  private volatile boolean drained;

  /** With everything between ring and sink as the settings have it. */
  static EventStream of(
      AgentSettings settings,
      KernelAnswers kernel,
      HostAccounts accounts,
      BootClock clock,
      PolicyBook policies,
      Sink sink,
      PolicyScopes scopes,
      Consumer<Violation> violations) {
    var details = settings.details();
    var names = new ProcessNames(settings.node(), clock, details, accounts);
    var limits =
        new ProcessCache.Limits(
            settings.processCacheSize(), Runtime.getRuntime().maxMemory() / CACHE_SHARE);
    var containers = new ContainerBook(kernel::path, settings.cluster() != null);
    return new EventStream(
        new EventJson(Origin.of(settings.node())),
        sink,
        containers,
        scopes,
        events ->
            new EventTeller(
                new ProcessCache(names, limits, kernel, containers),
                names,
                details.ancestors(),
                kernel,
                policies,
                clock,
                clock::now,
                events,
                violations));
  }

  /**
   * @param scopes of policies, which cgroups that come and go matter to
   * @param teller makes the teller of the consumer that it is given
   */
  EventStream(
      EventJson json,
      Sink sink,
      ContainerBook containers,
      PolicyScopes scopes,
      Function<Consumer<Event>, EventTeller> teller) {
    this.sink = sink;
    this.containers = containers;
    this.scopes = scopes;
    this.teller = teller.apply(event -> json.write(event, sink));
  }

  /** A process that was there before the agent. */
  synchronized void existing(KernelRecord.Exec process) {
    teller.existing(process);
  }

  /** A cgroup that was there before the agent; parents before their children. */
  synchronized void existing(SkepKernel.Cgroup cgroup) {
    containers.found(cgroup.id(), cgroup.path());
  }

  /** A pod of this node is new or has changed: what has waited for that is told. */
  synchronized void pod(NodePod pod) {
    containers.pod(pod);
    teller.podsChanged();
  }

  /** A pod of this node was deleted. */
  synchronized void podGone(String uid) {
    containers.podGone(uid);
  }

  @Override
  public synchronized void accept(KernelRecord record) {
    drained = false;
    try {
      switch (record) {
        case KernelRecord.CgroupMade made -> {
          containers.made(made.cgroup(), made.parent(), KernelText.of(made.path()));
          scopes.made(made);
        }
        case KernelRecord.CgroupGone gone -> {
          containers.gone(gone.cgroup());
          scopes.gone(gone);
        }
        default -> teller.tell(record);
      }
    } catch (RuntimeException e) {
      if (untold.getAndIncrement() == 0) {
        LOG.error("one record could not be told; further ones are only counted: {}", record, e);
      }
    }
  }

  @Override
  public synchronized void pause() {
    sink.flush();
  }

  @Override
  public synchronized void idle() {
    sink.flush();
    drained = true;
  }

  /** Lets go of what has waited too long. */
  synchronized void tick(long sinceBoot) {
    teller.stopWaiting(sinceBoot - PATIENCE);
    sink.flush();
  }

  /**
   * A cgroup keeps within its limit again.
   *
   * @param sinceBoot when, in nanoseconds
   */
  synchronized void throttleEnded(SkepKernel.ThrottleEnd end, long sinceBoot) {
    teller.throttleEnded(end.cgroup(), sinceBoot);
  }

  /** Whether all that the ring held has been written. */
  boolean isDrained() {
    return drained;
  }

  /** Of this way from the ring on, by cause. Any thread. */
  Map<String, Long> losses() {
    var losses = new HashMap<>(teller.losses());
    losses.put("untold", untold.get());
    var lines = sink.counts();
    losses.put("export", lines.failed());
    losses.put("export_queue", lines.overflowed());
    return losses;
  }

  /** Lines written. */
  long written() {
    return sink.counts().written();
  }

  @Override
  public synchronized void close() {
    teller.stopWaiting(Long.MAX_VALUE);
    sink.close();
  }
}
