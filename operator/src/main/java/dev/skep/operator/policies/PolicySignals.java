package dev.skep.operator.policies;

import dev.skep.crds.v1alpha1.TracingNodeState;
import dev.skep.operator.resources.PolicyResource;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Wakes the policies of one kind that the {@link ClusterWatch} has news of. */
final class PolicySignals<P extends PolicyResource> extends AbstractEventSource<TracingNodeState, P>
    implements ClusterWatch.Wake {
  private static final String BY_UID = "uid";

  private final IndexerResourceCache<P> policies;

  PolicySignals(EventSourceContext<P> context) {
    super(TracingNodeState.class, "node-reports");
    policies = context.getPrimaryCache();
    policies.addIndexers(Map.of(BY_UID, policy -> List.of(policy.getMetadata().getUid())));
  }

  Stream<P> byUid(String uid) {
    return policies.byIndex(BY_UID, uid).stream();
  }

  @Override
  public void policies(Set<String> uids) {
    if (isRunning()) {
      send(uids.stream().flatMap(this::byUid));
    }
  }

  @Override
  public void all() {
    if (isRunning()) {
      send(policies.list());
    }
  }

  private void send(Stream<P> woken) {
    woken.map(ResourceID::fromResource).map(Event::new).forEach(getEventHandler()::handleEvent);
  }

  @Override
  public Set<TracingNodeState> getSecondaryResources(P primary) {
    return Set.of(); // the view has what they say, and the objects are not kept
  }
}
