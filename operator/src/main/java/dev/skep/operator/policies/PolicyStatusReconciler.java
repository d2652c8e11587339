package dev.skep.operator.policies;

import dev.skep.crds.v1alpha1.TracingPolicyStatus;
import dev.skep.operator.observed.ClusterView;
import dev.skep.operator.plan.PolicyBook;
import dev.skep.operator.plan.Recent;
import dev.skep.operator.resources.ClusterPolicy;
import dev.skep.operator.resources.NamespacedPolicy;
import dev.skep.operator.resources.PolicyIndex;
import dev.skep.operator.resources.PolicyResource;
import dev.skep.operator.status.PolicyStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.HttpURLConnection;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tells in the status of each policy of one kind what became of it. */
public abstract sealed class PolicyStatusReconciler<P extends PolicyResource>
    implements Reconciler<P> {
  private static final PatchContext APPLY_STATUS =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager("skep-operator")
          .withForce(true)
          .build();
  private static final int REMEMBERED = 1024;

  private final Supplier<P> empty;
  private final PolicyBook book;
  private final ClusterView view;
  private final ClusterWatch watch;
  private final PolicyIndex policies;
  private final LedgerStore ledger;
  private final InstantSource clock;
  private final Counter writes;

  /** By uid: what we wrote and the cache may not show yet. */
  private final Recent<String, Written> written = new Recent<>(REMEMBERED);

  private record Written(long version, TracingPolicyStatus status) {}

  private PolicyStatusReconciler(Supplier<P> empty, Needs needs) {
    this.empty = empty;
    this.book = needs.book();
    this.view = needs.view();
    this.watch = needs.watch();
    this.policies = needs.policies();
    this.ledger = needs.ledger();
    this.clock = needs.clock();
    this.writes = needs.metrics().counter("skep.operator.writes", "object", "status");
  }

  /** What both kinds share. */
  public record Needs(
      PolicyBook book,
      ClusterView view,
      ClusterWatch watch,
      PolicyIndex policies,
      LedgerStore ledger,
      InstantSource clock,
      MeterRegistry metrics) {}

  /** Of {@code TracingPolicy}. The SDK finds the kind in the type parameter. */
  public static final class OfCluster extends PolicyStatusReconciler<ClusterPolicy> {
    public OfCluster(Needs needs) {
      super(ClusterPolicy::new, needs);
    }
  }

  /** Of {@code TracingPolicyNamespaced}. */
  public static final class OfNamespaces extends PolicyStatusReconciler<NamespacedPolicy> {
    public OfNamespaces(Needs needs) {
      super(NamespacedPolicy::new, needs);
    }
  }

  @Override
  public List<EventSource<?, P>> prepareEventSources(EventSourceContext<P> context) {
    var signals = new PolicySignals<>(context);
    watch.tell(signals);
    policies.add(signals::byUid);
    return List.of(signals);
  }

  @Override
  public UpdateControl<P> reconcile(P policy, Context<P> context) {
    var metadata = policy.getMetadata();
    var uid = metadata.getUid();
    var current = current(policy);
    view.compareOnce(uid, metadata.getResourceVersion(), PolicyStatus.totalsIn(current));
    ledger.settle();
    var want =
        PolicyStatus.of(
            metadata.getGeneration(),
            book.read(policy.document()),
            view.of(uid),
            current,
            clock.instant());
    if (!want.equals(current)) {
      apply(policy, want, context);
    }
    // Never patchStatus: its filter can lose a change of the spec that comes at the same moment.
    return UpdateControl.noUpdate();
  }

  /** The later of what the cache shows and what we wrote. */
  private @Nullable TracingPolicyStatus current(P policy) {
    var uid = policy.getMetadata().getUid();
    var ours = written.peek(uid);
    if (ours != null && ours.version() > version(policy)) {
      return ours.status();
    }
    written.forget(uid);
    return policy.getStatus();
  }

  private void apply(P policy, TracingPolicyStatus status, Context<P> context) {
    var fresh = empty.get();
    fresh.setMetadata(
        new ObjectMetaBuilder()
            .withName(policy.getMetadata().getName())
            .withNamespace(policy.getMetadata().getNamespace())
            // So that a policy that was made anew under the same name is not taken for this one.
            .withUid(policy.getMetadata().getUid())
            .build());
    fresh.setStatus(status);
    try {
      var stored = context.getClient().resource(fresh).subresource("status").patch(APPLY_STATUS);
      writes.increment();
      written.put(policy.getMetadata().getUid(), new Written(version(stored), status));
    } catch (KubernetesClientException e) {
      // Deleted a moment ago: nobody is left to be told.
      if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
        throw e;
      }
    }
  }

  /** Resource versions of one kind are numbers that grow. */
  private static long version(PolicyResource policy) {
    return Long.parseLong(policy.getMetadata().getResourceVersion());
  }
}
