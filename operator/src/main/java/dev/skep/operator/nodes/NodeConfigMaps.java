package dev.skep.operator.nodes;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skep.nodeconfig.NodeConfig;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The ConfigMaps of the nodes, and their cache. */
final class NodeConfigMaps {
  private static final String PREFIX = "skep-node-";
  private static final String MANAGED_BY = "app.kubernetes.io/managed-by";
  private static final String MANAGER = "skep-operator";
  private static final String NODE_LABEL = "skep.dev/node";
  private static final int LABEL_LENGTH = 63;

  /** What the API server allows for all keys and values together. */
  private static final long MAX_BYTES = 1_048_576;

  private final String namespace;
  private final InformerEventSource<ConfigMap, Node> source;
  private final Counter writes;

  NodeConfigMaps(String namespace, EventSourceContext<Node> context, MeterRegistry metrics) {
    this.namespace = namespace;
    this.writes = metrics.counter("skep.operator.writes", "object", "configmap");
    this.source =
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(ConfigMap.class, Node.class)
                .withNamespaces(namespace)
                .withLabelSelector(MANAGED_BY + "=" + MANAGER)
                .withSecondaryToPrimaryMapper(NodeConfigMaps::nodeOf)
                .build(),
            context);
  }

  InformerEventSource<ConfigMap, Node> source() {
    return source;
  }

  private static Set<ResourceID> nodeOf(ConfigMap configMap) {
    var name = configMap.getMetadata().getName();
    return name.startsWith(PREFIX)
        ? Set.of(new ResourceID(name.substring(PREFIX.length())))
        : Set.of();
  }

  /**
   * Makes the node's ConfigMap say this; does nothing if it does.
   *
   * @throws IllegalArgumentException if it is more than a ConfigMap holds. The old one stays.
   */
  void write(Node node, NodeConfig config, Context<Node> context) {
    var want = desired(node, config);
    refuseTooLarge(node, want);
    var current = source.get(new ResourceID(want.getMetadata().getName(), namespace)).orElse(null);
    if (current == null) {
      create(want, context);
    } else if (!same(current, want)) {
      update(current, want, context);
    }
  }

  private void create(ConfigMap want, Context<Node> context) {
    try {
      context.resourceOperations().create(want, source);
      writes.increment();
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        throw e;
      }
      // It is there, but somebody took the label off that our cache selects by.
      var stored = context.getClient().resource(want).get();
      if (stored == null) {
        throw e;
      }
      update(stored, want, context);
    }
  }

  private void update(ConfigMap current, ConfigMap want, Context<Node> context) {
    // With the resourceVersion of what was compared: a later change is a conflict, not lost.
    var labels = new HashMap<>(labelsOf(current));
    labels.putAll(want.getMetadata().getLabels());
    var updated =
        new ConfigMapBuilder(current)
            .editMetadata()
            .withLabels(labels)
            .withOwnerReferences(want.getMetadata().getOwnerReferences())
            .endMetadata()
            .withData(want.getData())
            .withBinaryData(null)
            .build();
    context.resourceOperations().update(updated, source);
    writes.increment();
  }

  private ConfigMap desired(Node node, NodeConfig config) {
    var name = node.getMetadata().getName();
    var labels = new HashMap<>(Map.of(MANAGED_BY, MANAGER));
    if (name.length() <= LABEL_LENGTH) {
      labels.put(NODE_LABEL, name);
    }
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(PREFIX + name)
        .withNamespace(namespace)
        .withLabels(labels)
        .withOwnerReferences(
            List.of(
                new OwnerReferenceBuilder()
                    .withApiVersion("v1")
                    .withKind("Node")
                    .withName(name)
                    .withUid(node.getMetadata().getUid())
                    .build()))
        .endMetadata()
        .withData(config.encode())
        .build();
  }

  private static boolean same(ConfigMap current, ConfigMap want) {
    return want.getData().equals(current.getData())
        && labelsOf(current).entrySet().containsAll(want.getMetadata().getLabels().entrySet())
        && want.getMetadata()
            .getOwnerReferences()
            .equals(current.getMetadata().getOwnerReferences());
  }

  private static Map<String, String> labelsOf(ConfigMap configMap) {
    return Objects.requireNonNullElse(configMap.getMetadata().getLabels(), Map.of());
  }

  private static void refuseTooLarge(Node node, ConfigMap want) {
    long bytes =
        want.getData().entrySet().stream()
            .mapToLong(e -> e.getKey().length() + (long) e.getValue().getBytes(UTF_8).length)
            .sum();
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "the policies of node %s take %,d bytes, a ConfigMap holds %,d: not supported yet; the node keeps what it has. Remove policies, or let nodeSelector choose fewer for it"
              .formatted(node.getMetadata().getName(), bytes, MAX_BYTES));
    }
  }
}
