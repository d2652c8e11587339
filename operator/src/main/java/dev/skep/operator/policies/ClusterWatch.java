package dev.skep.operator.policies;

import static io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore.NAME_KEY_STATE;

import dev.skep.crds.v1alpha1.TracingNodeState;
import dev.skep.operator.observed.ClusterView;
import dev.skep.operator.observed.NodeReport;
import dev.skep.operator.resources.Nodes;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a {@link ClusterView} in step with the API server and wakes the policies that are touched.
 * One watch of nodes and one of their states serve both kinds of policy, and know which policies of
 * a state have changed.
 */
public final class ClusterWatch {
  private static final long PAGE = 500;
  private static final Duration FIRST_LIST = Duration.ofMinutes(2);

  private final KubernetesClient client;
  private final ClusterView view;
  private final Consumer<NodeReport> onReport;
  private final Runnable onLost;
  private final List<Wake> wakes = new CopyOnWriteArrayList<>();
  private final List<SharedIndexInformer<?>> informers = new CopyOnWriteArrayList<>();

  /** Somebody to tell. */
  interface Wake {
    /** What is known of these policies, by uid, has changed. */
    void policies(Set<String> uids);

    /** Anything may have changed. */
    void all();
  }

  /**
   * @param onReport gets each version of each node's state
   * @param onLost runs if a watch has ended for good; nothing here is right any more from then on
   */
  public ClusterWatch(
      KubernetesClient client, ClusterView view, Consumer<NodeReport> onReport, Runnable onLost) {
    this.client = client;
    this.view = view;
    this.onReport = onReport;
    this.onLost = onLost;
  }

  void tell(Wake wake) {
    wakes.add(wake);
  }

  /**
   * Starts watching; returns when all that is there has been seen. For the leader only: what goes
   * away is put into the ledger by whoever saw it go.
   */
  public void start() throws InterruptedException {
    var nodes = client.nodes().withLimit(PAGE).runnableInformer(0);
    run(nodes, Node.class, new NodeEvents(), "metadata.labels", "metadata.uid");
    var states = client.resources(TracingNodeState.class).withLimit(PAGE).runnableInformer(0);
    run(states, TracingNodeState.class, new StateEvents());
  }

  public boolean isHealthy() {
    return informers.stream().allMatch(SharedIndexInformer::isRunning);
  }

  /**
   * @param kept fields that the informer remembers: the view keeps what was read, and a second copy
   *     of all objects would be most of this process's memory
   */
  private <T extends HasMetadata> void run(
      SharedIndexInformer<T> informer, Class<T> type, Events<T> events, String... kept)
      throws InterruptedException {
    var serialization = client.getKubernetesSerialization();
    informer.itemStore(new ReducedStateItemStore<>(NAME_KEY_STATE, type, serialization, kept));
    informer.addEventHandler(events);
    informers.add(informer);
    informer.run();
    var _ = informer.stopped().whenComplete((_, _) -> onLost.run());
    if (!events.listed.await(FIRST_LIST.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("no list of " + type.getSimpleName() + " in " + FIRST_LIST);
    }
  }

  private void wake(Set<String> policies) {
    if (!policies.isEmpty()) {
      wakes.forEach(wake -> wake.policies(policies));
    }
  }

  private abstract static class Events<T> implements ResourceEventHandler<T> {
    /** Events arrive one after the other, and this after the first list's. */
    final CountDownLatch listed = new CountDownLatch(1);

    @Override
    public void onUpdate(T before, T now) {
      onAdd(now);
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
      listed.countDown();
    }
  }

  private final class NodeEvents extends Events<Node> {
    @Override
    public void onAdd(Node node) {
      if (view.nodeSeen(Nodes.facts(node))) {
        wakes.forEach(Wake::all);
      }
    }

    @Override
    public void onDelete(Node node, boolean deletedFinalStateUnknown) {
      view.nodeGone(node.getMetadata().getName());
      wakes.forEach(Wake::all);
    }
  }

  private final class StateEvents extends Events<TracingNodeState> {
    @Override
    public void onAdd(TracingNodeState state) {
      var metadata = state.getMetadata();
      var report =
          NodeReport.of(
              metadata.getName(),
              metadata.getUid(),
              metadata.getResourceVersion(),
              owner(metadata.getOwnerReferences()),
              state.getStatus());
      wake(view.reported(report));
      onReport.accept(report);
    }

    @Override
    public void onDelete(TracingNodeState state, boolean deletedFinalStateUnknown) {
      wake(view.reportGone(state.getMetadata().getName()));
    }

    private static @Nullable String owner(@Nullable List<OwnerReference> owners) {
      return owners == null
          ? null
          : owners.stream()
              .filter(owner -> "Node".equals(owner.getKind()))
              .map(OwnerReference::getUid)
              .findFirst()
              .orElse(null);
    }
  }
}
