package dev.skep.agent;

import dev.skep.agent.event.Throttles;
import dev.skep.agent.process.AliveProcesses;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.SkepKernel;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the kernel can be asked while events are told: no answer is as good as not knowing. */
final class KernelAnswers implements AliveProcesses, Throttles.Cgroups {
  private static final Logger LOG = LoggerFactory.getLogger(KernelAnswers.class);

  private static final int KTHREADD = 2;

  private final SkepKernel kernel;

  KernelAnswers(SkepKernel kernel) {
    this.kernel = kernel;
  }

  @Override
  public Optional<Exec> process(int pid) {
    try {
      return kernel.process(pid);
    } catch (BpfException e) {
      LOG.debug("process {} cannot be asked for", pid, e);
      return Optional.empty();
    }
  }

  /**
   * The host's own; {@link Namespaces#NONE} if they cannot be found out. They are those of kernel
   * threads, should the first process not be known.
   */
  Namespaces hostNamespaces() {
    return process(1).or(() -> process(KTHREADD)).map(Exec::namespaces).orElse(Namespaces.NONE);
  }

  @Override
  public Optional<String> path(long cgroup) {
    try {
      return kernel.cgroupPath(cgroup);
    } catch (BpfException e) {
      LOG.debug("cgroup {} cannot be asked for", cgroup, e);
      return Optional.empty();
    }
  }
}
