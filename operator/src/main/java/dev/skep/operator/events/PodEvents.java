package dev.skep.operator.events;

import dev.skep.operator.observed.NodeReport;
import dev.skep.operator.plan.Recent;
import dev.skep.operator.resources.PolicyIndex;
import dev.skep.operator.resources.PolicyResource;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.api.model.events.v1.EventSeries;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.HttpURLConnection;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the Events. Each has a name that follows from its subject and holds how far it tells, so
 * that neither a new leader nor two at once tell anything twice.
 */
public final class PodEvents {
  private static final Logger log = LoggerFactory.getLogger(PodEvents.class);

  /** Subjects; what is remembered of all of them takes some 10 MB. */
  private static final int CAPACITY = 2048;

  /** A second, for the whole cluster. */
  private static final int WRITES = 20;

  private static final int TOO_MANY_REQUESTS = 429;

  private final KubernetesClient client;
  private final PolicyIndex policies;
  private final String instance;
  private final InstantSource clock;
  private final Counter writes;
  private final Counter refused;
  private final ViolationBook book = new ViolationBook(CAPACITY);

  /** By uid: the node of a pod, which never changes. */
  private final Recent<String, String> nodes = new Recent<>(CAPACITY);

  /**
   * @param instance which operator this is
   */
  public PodEvents(
      KubernetesClient client,
      PolicyIndex policies,
      String instance,
      InstantSource clock,
      MeterRegistry metrics) {
    this.client = client;
    this.policies = policies;
    this.instance = instance;
    this.clock = clock;
    writes = metrics.counter("skep.operator.writes", "object", "event");
    refused = metrics.counter("skep.operator.events.refused");
    FunctionCounter.builder("skep.operator.events.forgotten", book, ViolationBook::forgotten)
        .register(metrics);
  }

  public void saw(NodeReport report) {
    book.saw(report, clock.instant());
  }

  /** For the leader only; goes on until the process ends. */
  public void start() {
    var writer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("events").factory());
    var _ = writer.scheduleWithFixedDelay(this::writeWhatIsDue, 1, 1, TimeUnit.SECONDS);
  }

  private void writeWhatIsDue() {
    for (int i = 0; i < WRITES; i++) {
      var due = book.next(clock.instant());
      if (due.isEmpty() || !write(due.get())) {
        return;
      }
    }
  }

  /** Whether it makes sense to go on at once. */
  private boolean write(ViolationBook.Due due) {
    try {
      tell(due);
      book.settled(due, clock.instant());
      return true;
    } catch (KubernetesClientException e) {
      boolean forGood =
          e.getCode() >= HttpURLConnection.HTTP_BAD_REQUEST
              && e.getCode() < HttpURLConnection.HTTP_INTERNAL_ERROR
              && e.getCode() != HttpURLConnection.HTTP_CONFLICT
              && e.getCode() != TOO_MANY_REQUESTS;
      log.warn(
          "no Event for the pod {}/{} {}: {}",
          due.subject().namespace(),
          due.subject().pod(),
          forGood ? "" : "yet",
          e.getMessage());
      if (forGood) {
        refused.increment();
        book.settled(due, clock.instant());
      } else {
        book.failed(due, clock.instant());
      }
      return forGood;
    } catch (RuntimeException e) {
      log.error("no Event for {}", due.subject(), e); // and the next one has to be written still
      book.settled(due, clock.instant());
      return true;
    }
  }

  private void tell(ViolationBook.Due due) {
    var subject = due.subject();
    var policy = policies.byUid(subject.policy()).orElse(null);
    if (policy == null || !covers(policy, subject) || !isOnItsNode(subject)) {
      refused.increment();
      return;
    }
    var stored =
        client
            .events()
            .v1()
            .events()
            .inNamespace(subject.namespace())
            .withName(EventText.name(subject))
            .get();
    var times = due.after(stored == null ? Instant.MIN : toldUntil(stored));
    if (times.isEmpty()) {
      return;
    }
    if (stored == null) {
      client.resource(EventText.first(due, policy, instance)).create();
    } else {
      int count = stored.getSeries() == null ? 1 : stored.getSeries().getCount();
      var series =
          new EventSeries(count + times.size(), new MicroTime(EventText.time(due.newest())));
      // Carries the resourceVersion.
      client.resource(new EventBuilder(stored).withSeries(series).build()).update();
    }
    writes.increment();
  }

  private static boolean covers(PolicyResource policy, Subject subject) {
    var namespace = policy.getMetadata().getNamespace();
    return namespace == null || namespace.equals(subject.namespace());
  }

  /** A node that was taken over may say what it likes of its own pods, and of no others. */
  private boolean isOnItsNode(Subject subject) {
    var known = nodes.peek(subject.podUID());
    if (known == null) {
      var pod = client.pods().inNamespace(subject.namespace()).withName(subject.pod()).get();
      if (pod == null || !subject.podUID().equals(pod.getMetadata().getUid())) {
        return false;
      }
      known = pod.getSpec().getNodeName();
      if (known == null) {
        return false;
      }
      nodes.put(subject.podUID(), known);
    }
    return known.equals(subject.node());
  }

  private static Instant toldUntil(Event event) {
    var series = event.getSeries();
    return parse(series == null ? event.getEventTime() : series.getLastObservedTime());
  }

  private static Instant parse(@Nullable MicroTime time) {
    try {
      return time == null || time.getTime() == null ? Instant.MIN : Instant.parse(time.getTime());
    } catch (DateTimeParseException _) {
      return Instant.MIN;
    }
  }
}
