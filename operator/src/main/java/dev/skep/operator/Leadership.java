package dev.skep.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One operator acts at a time. Who loses the lease ends at once: the SDK would let it go on beside
 * the new leader.
 */
final class Leadership {
  private static final Logger log = LoggerFactory.getLogger(Leadership.class);
  private static final String LEASE = "skep-operator";

  // Agents enforce without an operator, so a slow change of leaders after a crash harms nobody, and
  // an API server that restarts need not end us. After a stop the lease is free at once.
  private static final Duration LEASE_DURATION = Duration.ofSeconds(45);
  private static final Duration RENEW_DEADLINE = Duration.ofSeconds(35);
  private static final Duration RETRY_PERIOD = Duration.ofSeconds(3);

  private final KubernetesClient client;
  private final String namespace;
  private final String identity;
  private volatile boolean stopping;

  Leadership(KubernetesClient client, String namespace, String identity) {
    this.client = client;
    this.namespace = namespace;
    this.identity = identity;
  }

  /** What has to happen before the first reconciliation, once this process leads. */
  interface Preparation {
    void run() throws Exception;
  }

  LeaderElectionConfiguration configuration(Preparation preparation) {
    return LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(LEASE)
        .withLeaseNamespace(namespace)
        .withIdentity(identity)
        .withLeaseDuration(LEASE_DURATION)
        .withRenewDeadline(RENEW_DEADLINE)
        .withRetryPeriod(RETRY_PERIOD)
        .withLeaderCallbacks(
            new LeaderCallbacks(() -> lead(preparation), () -> fail("the lease is lost"), _ -> {}))
        .build();
  }

  private void lead(Preparation preparation) {
    log.info("leading as {}", identity);
    try {
      preparation.run();
    } catch (Exception e) {
      log.error("cannot take over", e);
      fail("cannot take over");
    }
  }

  /** Ends the process. Not by exit: shutdown hooks would go on writing for a while. */
  void fail(String why) {
    if (!stopping) {
      log.error("{}: ending", why);
      Runtime.getRuntime().halt(1);
    }
  }

  /** On a signal: lets running reconciliations end, then frees the lease for the next leader. */
  void releaseOnExit(Operator operator) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stopping = true;
                  operator.stop();
                  release();
                  client.close();
                },
                "shutdown"));
  }

  private void release() {
    try {
      var lease = client.leases().inNamespace(namespace).withName(LEASE).get();
      if (lease != null && identity.equals(lease.getSpec().getHolderIdentity())) {
        lease.getSpec().setHolderIdentity("");
        lease.getSpec().setLeaseDurationSeconds(1);
        client.resource(lease).update();
        log.info("lease released");
      }
    } catch (KubernetesClientException e) {
      log.warn("the lease {}/{} stays until it runs out: {}", namespace, LEASE, e.getMessage());
    }
  }
}
