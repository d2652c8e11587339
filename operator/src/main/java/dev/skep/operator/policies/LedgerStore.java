package dev.skep.operator.policies;

import dev.skep.operator.observed.ClusterView;
import dev.skep.operator.observed.Ledger;
import dev.skep.operator.resources.PolicyIndex;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The ledger's ConfigMap. Any thread; writes come one after the other. */
public final class LedgerStore {
  static final String NAME = "skep-ledger";

  private final KubernetesClient client;
  private final String namespace;
  private final ClusterView view;
  private final PolicyIndex policies;
  private final Counter writes;

  /** As last read or written; null if there is none. */
  private @Nullable ConfigMap stored;

  /**
   * @param policies those that are there: the ledger forgets others
   */
  public LedgerStore(
      KubernetesClient client,
      String namespace,
      ClusterView view,
      PolicyIndex policies,
      MeterRegistry metrics) {
    this.client = client;
    this.namespace = namespace;
    this.view = view;
    this.policies = policies;
    this.writes = metrics.counter("skep.operator.writes", "object", "ledger");
  }

  /**
   * Reads what is there.
   *
   * @throws IllegalArgumentException if it is no ledger: without it totals would be forgotten
   */
  public synchronized void load() {
    stored = client.configMaps().inNamespace(namespace).withName(NAME).get();
    view.settled(decode(stored), List.of());
  }

  private static Ledger decode(@Nullable ConfigMap configMap) {
    if (configMap == null) {
      return Ledger.EMPTY;
    }
    var data = configMap.getData();
    return Ledger.decode(data == null ? Map.of() : data);
  }

  /**
   * Stores what nodes no longer report. Does nothing if there is nothing. It goes before each
   * status that tells the sum: what a status has told must be found again by the next leader.
   */
  public synchronized void settle() {
    var losses = view.losses();
    if (losses.isEmpty()) {
      return;
    }
    var next = view.ledger().take(losses, policies::knows);
    if (!next.equals(view.ledger())) {
      try {
        stored = write(next);
        writes.increment();
      } catch (KubernetesClientException e) {
        if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
          // Another leader, or our own write whose answer was lost: the keys tell the two apart.
          load();
        }
        throw e;
      }
    }
    view.settled(next, losses);
  }

  private ConfigMap write(Ledger ledger) {
    var base = stored;
    if (base == null) {
      var first =
          new ConfigMapBuilder()
              .withNewMetadata()
              .withName(NAME)
              .withNamespace(namespace)
              .addToLabels("app.kubernetes.io/managed-by", "skep-operator")
              .endMetadata()
              .withData(ledger.encode())
              .build();
      return client.resource(first).create();
    }
    // Carries the resourceVersion.
    return client.resource(new ConfigMapBuilder(base).withData(ledger.encode()).build()).update();
  }
}
