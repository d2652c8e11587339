package dev.skep.agent;

import dev.skep.agent.kube.Pods;
import dev.skep.agent.pod.NodePod;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.SkepKernel;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands what happens to pods and cgroups to those who need it. */
final class NodePods implements Pods {
  private static final Logger LOG = LoggerFactory.getLogger(NodePods.class);

  private final SkepKernel kernel;
  private final EventStream stream;
  private final PolicyScopes scopes;

  NodePods(SkepKernel kernel, EventStream stream, PolicyScopes scopes) {
    this.kernel = kernel;
    this.stream = stream;
    this.scopes = scopes;
  }

  /** Looks for the cgroups that are there. To be called before any record is read. */
  void look() {
    List<SkepKernel.Cgroup> found;
    try {
      found = kernel.cgroups();
    } catch (BpfException e) {
      LOG.warn(
          "processes are not told with their containers before these are seen to begin: {}",
          e.getMessage());
      return;
    }
    scopes.found(found);
    found.forEach(stream::existing);
  }

  @Override
  public void pod(NodePod pod) {
    scopes.pod(pod);
    stream.pod(pod);
  }

  @Override
  public void gone(String uid) {
    scopes.gone(uid);
    stream.podGone(uid);
  }

  @Override
  public void listed() {
    scopes.listed();
  }
}
