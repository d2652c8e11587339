package dev.skep.agent;

import dev.skep.agent.kube.Pods;
import dev.skep.agent.pod.Coverage;
import dev.skep.agent.pod.NodePod;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.SkepKernel;
import dev.skep.events.KernelText;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands what happens to pods and cgroups to the coverage, on the thread of the policies: nothing
 * here waits for an output.
 */
final class PolicyScopes implements Pods {
  private static final Logger LOG = LoggerFactory.getLogger(PolicyScopes.class);

  private final Coverage coverage;
  private final Executor policyThread;

  PolicyScopes(SkepKernel kernel, Executor policyThread) {
    this.coverage = new Coverage(new OfKernel(kernel));
    this.policyThread = policyThread;
  }

  /** On the thread of the policies alone. */
  Coverage coverage() {
    return coverage;
  }

  void found(List<SkepKernel.Cgroup> cgroups) {
    later(() -> cgroups.forEach(cgroup -> coverage.found(cgroup.id(), cgroup.path())));
  }

  void made(KernelRecord.CgroupMade made) {
    later(() -> coverage.made(made.cgroup(), made.parent(), KernelText.of(made.path())));
  }

  void gone(KernelRecord.CgroupGone gone) {
    later(() -> coverage.gone(gone.cgroup()));
  }

  @Override
  public void pod(NodePod pod) {
    later(() -> coverage.pod(pod));
  }

  @Override
  public void gone(String uid) {
    later(() -> coverage.podGone(uid));
  }

  @Override
  public void listed() {
    later(coverage::listed);
  }

  private void later(Runnable task) {
    try {
      policyThread.execute(() -> {
        try {
          task.run();
        } catch (RuntimeException e) {
          LOG.error("what policies cover could not be brought up to date", e);
        }
      });
    } catch (RejectedExecutionException _) {
      LOG.debug("the agent ends: the kernel goes on with what it was told");
    }
  }

  private record OfKernel(SkepKernel kernel) implements Coverage.Kernel {
    @Override
    public void cover(long cgroup, Set<String> uids) throws BpfException {
      kernel.cover(cgroup, uids);
    }

    @Override
    public void uncover(long cgroup) throws BpfException {
      kernel.uncover(cgroup);
    }

    @Override
    public void coverOthers(Set<String> uids) throws BpfException {
      kernel.coverOthers(uids);
    }
  }
}
