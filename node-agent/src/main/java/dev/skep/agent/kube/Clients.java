package dev.skep.agent.kube;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Duration;

/** fabric8's client as the agent wants it. */
final class Clients {
  /** Grows up to 32 times that while the server is away: it is found again within 8 s. */
  private static final int RECONNECT_MILLIS = 250;

  private Clients() {}

  /** Does not connect yet: a server that is away is not waited for here. The caller closes it. */
  static KubernetesClient connect(ClusterOptions options, Duration timeout) {
    var found =
        options.kubeconfig() == null
            ? Config.autoConfigure(null)
            : Config.fromKubeconfig(options.kubeconfig().toFile());
    var config =
        new ConfigBuilder(found)
            .withWatchReconnectInterval(RECONNECT_MILLIS)
            .withWatchReconnectLimit(-1)
            .withRequestRetryBackoffLimit(0) // our own loops try again
            .withRequestTimeout((int) timeout.toMillis())
            .withConnectionTimeout((int) timeout.toMillis())
            .build();
    // What an older or newer agent wrote must not be an error.
    var mapper =
        JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withKubernetesSerialization(new KubernetesSerialization(mapper, true))
        .build();
  }
}
