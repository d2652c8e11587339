package dev.skep.agent.kube;

import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.crds.v1alpha1.TracingNodeState;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The API server through fabric8's client. One thread, but for {@link #close}. */
public final class KubernetesCluster implements Cluster {
  private final ClusterOptions options;
  private final KubernetesClient client;
  private @Nullable SharedIndexInformer<ConfigMap> informer;
  private @Nullable PodWatch podWatch;

  private @Nullable String nodeUid;

  /** As the server has it; null: to be asked for. */
  private @Nullable TracingNodeState known;

  /** Does not connect yet: a server that is away is not waited for here. */
  public KubernetesCluster(ClusterOptions options) {
    this.options = options;
    this.client = Clients.connect(options, Duration.ofSeconds(10));
  }

  @Override
  public String nodeUid() throws ClusterException {
    try {
      var uid = askNodeUid();
      nodeUid = uid;
      return uid;
    } catch (KubernetesClientException e) {
      throw failure("asking for the Node of", e);
    }
  }

  @Override
  public Optional<NodeStateStatus> lastReport() throws ClusterException {
    try {
      known = read();
      return Optional.ofNullable(known).filter(this::isOurs).map(TracingNodeState::getStatus);
    } catch (KubernetesClientException e) {
      throw failure("reading", e);
    }
  }

  @Override
  public void report(NodeStateStatus status) throws ClusterException {
    try {
      replace(status);
    } catch (KubernetesClientException e) {
      known = null;
      throw failure("writing", e);
    }
  }

  private void replace(NodeStateStatus status) {
    if (known == null) {
      known = read();
    }
    if (known == null) {
      known = create();
    }
    if (!isOurs(known)) {
      throw new KubernetesClientException("that of an earlier Node of this name is still there");
    }
    try {
      known = write(known, status);
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT
          && e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
        throw e;
      }
      // Somebody touched or removed the object since: once more on what is there now.
      var there = read();
      if (there != null && !isOurs(there)) {
        throw e;
      }
      known = write(there == null ? create() : there, status);
    }
  }

  private boolean isOurs(TracingNodeState state) {
    return state.getMetadata().getOwnerReferences().stream()
        .noneMatch(owner -> "Node".equals(owner.getKind()) && !owner.getUid().equals(nodeUid));
  }

  private String askNodeUid() {
    var node = client.nodes().withName(options.node()).get();
    if (node == null) {
      throw new KubernetesClientException("there is no Node " + options.node());
    }
    return node.getMetadata().getUid();
  }

  private @Nullable TracingNodeState read() {
    return client.resources(TracingNodeState.class).withName(options.node()).get();
  }

  private TracingNodeState create() {
    var uid = askNodeUid();
    if (!uid.equals(nodeUid)) {
      throw new KubernetesClientException("the Node " + options.node() + " is another one by now");
    }
    var state = new TracingNodeState();
    state.setMetadata(
        new ObjectMetaBuilder()
            .withName(options.node())
            .addToLabels("app.kubernetes.io/managed-by", "skep-agent")
            .withOwnerReferences(
                new OwnerReferenceBuilder()
                    .withApiVersion("v1")
                    .withKind("Node")
                    .withName(options.node())
                    .withUid(uid)
                    .build())
            .build());
    return client.resource(state).create();
  }

  private TracingNodeState write(TracingNodeState on, NodeStateStatus status) {
    var next = new TracingNodeState();
    next.setMetadata(on.getMetadata());
    next.setStatus(status);
    return client.resource(next).updateStatus();
  }

  @Override
  public void watchConfig(Consumer<Map<String, String>> config) {
    var watched =
        client
            .configMaps()
            .inNamespace(options.namespace())
            .withName(options.configMap())
            .runnableInformer(0);
    watched.exceptionHandler(new LastingWatch("ConfigMap " + options.configMap()));
    watched.addEventHandler(
        new ResourceEventHandler<ConfigMap>() {
          @Override
          public void onAdd(ConfigMap added) {
            hand(added);
          }

          @Override
          public void onUpdate(ConfigMap before, ConfigMap after) {
            hand(after);
          }

          @Override
          public void onDelete(ConfigMap last, boolean unknown) {}

          private void hand(ConfigMap map) {
            config.accept(map.getData() == null ? Map.of() : map.getData());
          }
        });
    informer = watched;
    watched.start();
  }

  @Override
  public void watchPods(Pods pods) {
    podWatch = new PodWatch(client, options.node(), new PodReader(options.podAnnotations()), pods);
  }

  @Override
  public void close() {
    if (informer != null) {
      informer.stop();
    }
    if (podWatch != null) {
      podWatch.close();
    }
    client.close();
  }

  private ClusterException failure(String verb, KubernetesClientException cause) {
    return new ClusterException(
        verb + " TracingNodeState " + options.node() + ": " + cause.getMessage(), cause);
  }
}
