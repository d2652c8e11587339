package dev.skep.agent.kube;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether Skep is to stay in the cluster: asked once, when the agent is told to end. */
public final class Installation {
  private static final Logger LOG = LoggerFactory.getLogger(Installation.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private Installation() {}

  /**
   * Whether the agent's DaemonSet, or its namespace, is gone or going. So it is when the agent's
   * account or rights are gone: they are removed with the rest, in any order. A server that cannot
   * be reached says nothing, and then Skep stays.
   */
  public static boolean isRemoved(ClusterOptions options) {
    var name = options.daemonSet();
    if (name == null) {
      return false;
    }
    try (var client = Clients.connect(options, TIMEOUT)) {
      return isGoing(
              client.apps().daemonSets().inNamespace(options.namespace()).withName(name).get())
          || isGoing(client.namespaces().withName(options.namespace()).get());
    } catch (KubernetesClientException e) {
      LOG.info("asking for DaemonSet {}: {}", name, e.getMessage());
      return e.getCode() == HttpURLConnection.HTTP_UNAUTHORIZED
          || e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
    }
  }

  private static boolean isGoing(@Nullable HasMetadata found) {
    return found == null || found.getMetadata().getDeletionTimestamp() != null;
  }
}
