package dev.skep.operator;

import static io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore.NAME_KEY_STATE;

import dev.skep.operator.events.PodEvents;
import dev.skep.operator.nodes.NodeReconciler;
import dev.skep.operator.observed.ClusterView;
import dev.skep.operator.plan.PolicyBook;
import dev.skep.operator.policies.ClusterWatch;
import dev.skep.operator.policies.LedgerStore;
import dev.skep.operator.policies.PolicyStatusReconciler;
import dev.skep.operator.resources.PolicyIndex;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
import io.javaoperatorsdk.operator.processing.retry.GenericRetry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parts of the operator, put together. */
final class SkepOperator {
  private static final Logger log = LoggerFactory.getLogger(SkepOperator.class);
  private static final int THREADS = 16;
  private static final long PAGE = 500;

  /** Policies that come in a bundle make one or two writes a node. */
  private static final Duration NODE_PACE = Duration.ofSeconds(1);

  /** Two at once, so that what a user waits for comes at once; then 0.5 writes/s a policy. */
  private static final Duration STATUS_PACE = Duration.ofSeconds(2);

  private static final int STATUS_BURST = 2;

  private static final int FIRST_RETRY_MILLIS = 1_000;
  private static final int LAST_RETRY_MILLIS = 30_000;

  private SkepOperator() {}

  record Settings(@Nullable Path kubeconfig, String namespace, int port, String identity) {}

  /**
   * Returns when it leads or stands by; threads of its own go on until a signal.
   *
   * @throws IOException if the kubeconfig cannot be read or the port is taken
   * @throws RuntimeException if the API server does not answer, or refuses
   */
  static void start(Settings settings) throws IOException {
    var clock = InstantSource.system();
    var metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(metrics);
    new ProcessorMetrics().bindTo(metrics);
    new JvmGcMetrics().bindTo(metrics); // lives as long as the process, hence never closed
    var client = Cluster.connect(settings.kubeconfig());
    var leadership = new Leadership(client, settings.namespace(), settings.identity());

    var book = new PolicyBook();
    var view = new ClusterView();
    var policies = new PolicyIndex();
    var events = new PodEvents(client, policies, settings.identity(), clock, metrics);
    var watch =
        new ClusterWatch(
            client, view, events::saw, () -> leadership.fail("a watch of the API server ended"));
    var ledger = new LedgerStore(client, settings.namespace(), view, policies, metrics);
    var needs =
        new PolicyStatusReconciler.Needs(book, view, watch, policies, ledger, clock, metrics);

    var operator =
        new Operator(o ->
            o.withKubernetesClient(client)
                .withCloseClientOnStop(false) // the lease is released after the stop
                .withConcurrentReconciliationThreads(THREADS)
                .withMetrics(MicrometerMetricsV2.newBuilder(metrics).build())
                .withReconciliationTerminationTimeout(Duration.ofSeconds(5))
                .withInformerStoppedHandler((informer, error) ->
                    leadership.fail("the watch of " + informer + " ended: " + error))
                .withLeaderElectionConfiguration(
                    leadership.configuration(() -> {
                      ledger.load();
                      watch.start();
                      events.start();
                    })));
    var slimNodes =
        new ReducedStateItemStore<>(
            NAME_KEY_STATE,
            Node.class,
            client.getKubernetesSerialization(),
            "metadata.labels",
            "metadata.uid",
            "metadata.deletionTimestamp");
    operator.register(
        new NodeReconciler(book, settings.namespace(), metrics),
        o ->
            always(o, "node")
                .withGenerationAware(false) // a Node has no generation
                .withOnUpdateFilter(NodeReconciler::matters)
                .withItemStore(slimNodes)
                .withRateLimiter(new Pace(NODE_PACE, 1, clock)));
    operator.register(
        new PolicyStatusReconciler.OfCluster(needs),
        o ->
            always(o, "tracingpolicy").withRateLimiter(new Pace(STATUS_PACE, STATUS_BURST, clock)));
    operator.register(
        new PolicyStatusReconciler.OfNamespaces(needs),
        o ->
            always(o, "tracingpolicynamespaced")
                .withRateLimiter(new Pace(STATUS_PACE, STATUS_BURST, clock)));

    leadership.releaseOnExit(operator);
    operator.start();
    var runtime = operator.getRuntimeInfo();
    Endpoint.serve(
        settings.port(),
        () -> runtime.allEventSourcesAreHealthy() && watch.isHealthy(),
        runtime::isStarted,
        metrics::scrape);
    log.info("started; probes and metrics on port {}", settings.port());
  }

  private static <R extends HasMetadata> ControllerConfigurationOverrider<R> always(
      ControllerConfigurationOverrider<R> configuration, String name) {
    return configuration
        .withName(name)
        .withInformerListLimit(PAGE)
        .withRetry(
            new GenericRetry()
                .setMaxAttempts(-1) // whatever failed has to come right in the end
                .setInitialInterval(FIRST_RETRY_MILLIS)
                .setMaxInterval(LAST_RETRY_MILLIS));
  }
}
