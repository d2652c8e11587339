package dev.skep.operator.nodes;

import dev.skep.operator.plan.NodePlan;
import dev.skep.operator.plan.PolicyBook;
import dev.skep.operator.resources.ClusterPolicy;
import dev.skep.operator.resources.NamespacedPolicy;
import dev.skep.operator.resources.Nodes;
import dev.skep.operator.resources.PolicyResource;
import io.fabric8.kubernetes.api.model.Node;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Keeps each node's ConfigMap equal to what the policies ask for it. */
public final class NodeReconciler implements Reconciler<Node> {
  private final PolicyBook book;
  private final String namespace;
  private final MeterRegistry metrics;

  // Known once the SDK asks for event sources, which is before the first run.
  private List<InformerEventSource<? extends PolicyResource, Node>> policies = List.of();
  private @Nullable NodeConfigMaps configMaps;

  /**
   * @param namespace of the ConfigMaps
   */
  public NodeReconciler(PolicyBook book, String namespace, MeterRegistry metrics) {
    this.book = book;
    this.namespace = namespace;
    this.metrics = metrics;
  }

  /** Whether a plan depends on it: heartbeats come every few seconds and change nothing. */
  public static boolean matters(Node now, Node before) {
    return !Nodes.facts(now).equals(Nodes.facts(before));
  }

  @Override
  public List<EventSource<?, Node>> prepareEventSources(EventSourceContext<Node> context) {
    var maps = new NodeConfigMaps(namespace, context, metrics);
    configMaps = maps;
    var cluster = policySource(ClusterPolicy.class, context);
    var namespaced = policySource(NamespacedPolicy.class, context);
    policies = List.of(cluster, namespaced);
    return List.of(cluster, namespaced, maps.source());
  }

  private static <P extends PolicyResource> InformerEventSource<P, Node> policySource(
      Class<P> kind, EventSourceContext<Node> context) {
    return new InformerEventSource<>(
        InformerEventSourceConfiguration.from(kind, Node.class)
            .withName(kind.getSimpleName())
            // To all nodes: a selector that changed lets nodes go, and those are not in the new
            // one.
            .withSecondaryToPrimaryMapper(_ ->
                context
                    .getPrimaryCache()
                    .list()
                    .map(ResourceID::fromResource)
                    .collect(Collectors.toSet()))
            .withPrimaryToSecondaryMapper((Node _) -> Set.of())
            // The status of a policy is no news for nodes.
            .withOnUpdateFilter((now, before) ->
                !Objects.equals(
                        now.getMetadata().getGeneration(), before.getMetadata().getGeneration())
                    || !Objects.equals(now.getMetadata().getUid(), before.getMetadata().getUid()))
            .build(),
        context);
  }

  @Override
  public UpdateControl<Node> reconcile(Node node, Context<Node> context) {
    var maps = Objects.requireNonNull(configMaps, "the SDK asks for event sources first");
    var documents =
        policies.stream().flatMap(InformerEventSource::list).map(PolicyResource::document);
    maps.write(node, NodePlan.of(Nodes.facts(node), book.accepted(documents)), context);
    return UpdateControl.noUpdate();
  }
}
