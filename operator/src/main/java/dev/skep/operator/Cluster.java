package dev.skep.operator;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.deser.ValueInstantiator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The way to the API server. */
final class Cluster {
  /** All retries of a call together take 0.7 s, so that none outlasts the renewal of the lease. */
  private static final int RETRIES = 3;

  private static final int REQUEST_MILLIS = 4_500;

  /** Doubles up to 32 times this: an outage must not cost as long again in blindness. */
  private static final int RECONNECT_MILLIS = 250;

  private Cluster() {}

  /**
   * @param kubeconfig null: KUBECONFIG, else the service account of the pod
   * @throws IOException if the file cannot be read
   */
  static KubernetesClient connect(@Nullable Path kubeconfig) throws IOException {
    if (kubeconfig != null && !Files.isReadable(kubeconfig)) {
      throw new IOException("cannot read the kubeconfig " + kubeconfig);
    }
    var found =
        kubeconfig == null
            ? Config.autoConfigure(null)
            : Config.fromKubeconfig(kubeconfig.toFile());
    var config =
        new ConfigBuilder(found)
            .withWatchReconnectInterval(RECONNECT_MILLIS)
            .withRequestRetryBackoffLimit(RETRIES)
            .withRequestTimeout(REQUEST_MILLIS)
            .build();
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withKubernetesSerialization(new KubernetesSerialization(lenient(), true))
        .build();
  }

  /**
   * One object that cannot be decoded would end the watch of its whole kind, and keep the operator
   * from starting until somebody deletes it. So what is unknown is left out and what is malformed
   * is null. No policy gets weaker by that: specs are read as trees.
   */
  private static ObjectMapper lenient() {
    return JsonMapper.builder()
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .enable(DeserializationFeature.READ_UNKNOWN_ENUM_VALUES_AS_NULL)
        .addHandler(new NullForMalformed())
        .build();
  }

  private static final class NullForMalformed extends DeserializationProblemHandler {
    @Override
    public @Nullable Object handleUnexpectedToken(
        DeserializationContext context,
        JavaType type,
        JsonToken token,
        JsonParser parser,
        String message)
        throws IOException {
      parser.skipChildren();
      return null;
    }

    @Override
    public @Nullable Object handleMissingInstantiator(
        DeserializationContext context,
        Class<?> type,
        @Nullable ValueInstantiator instantiator,
        JsonParser parser,
        String message)
        throws IOException {
      parser.skipChildren();
      return null;
    }

    @Override
    public @Nullable Object handleWeirdStringValue(
        DeserializationContext context, Class<?> type, String value, String message) {
      return null;
    }

    @Override
    public @Nullable Object handleWeirdNumberValue(
        DeserializationContext context, Class<?> type, Number value, String message) {
      return null;
    }
  }
}
