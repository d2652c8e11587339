package dev.skep.agent.kube;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pods of one node, watched over every outage. */
final class PodWatch implements ResourceEventHandler<Pod>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PodWatch.class);

  private final SharedIndexInformer<Pod> informer;
  private final PodReader reader;
  private final Pods pods;

  PodWatch(KubernetesClient client, String node, PodReader reader, Pods pods) {
    this.reader = reader;
    this.pods = pods;
    informer = client.pods().inAnyNamespace().withField("spec.nodeName", node).runnableInformer(0);
    informer.itemStore(new Seen());
    informer.exceptionHandler(new LastingWatch("the pods of this node"));
    informer.addEventHandler(this);
    informer.start();
  }

  @Override
  public void onAdd(Pod added) {
    hand(added);
  }

  @Override
  public void onUpdate(Pod before, Pod after) {
    hand(after);
  }

  private void hand(Pod pod) {
    try {
      pods.pod(reader.read(pod));
    } catch (RuntimeException e) {
      var metadata = pod.getMetadata();
      LOG.error(
          "pod {}/{} cannot be read: its events are told without it, policies that choose pods do not cover it",
          metadata.getNamespace(),
          metadata.getName(),
          e);
    }
  }

  @Override
  public void onDelete(Pod last, boolean unknown) {
    pods.gone(last.getMetadata().getUid());
  }

  @Override
  public void onList(String resourceVersion, boolean empty) {
    pods.listed();
  }

  @Override
  public void close() {
    informer.stop();
  }

  /**
   * What the informer needs to tell what is new: a pod takes 20 KB and more as objects, and what is
   * told of it is kept elsewhere. By uid, so that a pod of the same name is another one.
   */
  private static final class Seen implements ItemStore<Pod> {
    private final Map<String, Pod> pods = new ConcurrentHashMap<>();

    @Override
    public String getKey(Pod pod) {
      return pod.getMetadata().getUid();
    }

    @Override
    public @Nullable Pod put(String key, Pod pod) {
      var metadata = pod.getMetadata();
      var seen =
          new PodBuilder()
              .withMetadata(
                  new ObjectMetaBuilder()
                      .withUid(metadata.getUid())
                      .withNamespace(metadata.getNamespace())
                      .withName(metadata.getName())
                      .withResourceVersion(metadata.getResourceVersion())
                      .build())
              .build();
      return pods.put(key, seen);
    }

    @Override
    public @Nullable Pod remove(String key) {
      return pods.remove(key);
    }

    @Override
    public Stream<String> keySet() {
      return pods.keySet().stream();
    }

    @Override
    public Stream<Pod> values() {
      return pods.values().stream();
    }

    @Override
    public @Nullable Pod get(String key) {
      return pods.get(key);
    }

    @Override
    public int size() {
      return pods.size();
    }

    @Override
    public boolean isFullState() {
      return false;
    }
  }
}
