package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;

/**
 * What of a kernel decides by which programs it is watched.
 *
 * @param preemptible whether it can take the CPU from a task in the middle of its own code
 * @param bpfModule whether programs are among its security modules
 */
public record KernelWays(Dispatch dispatch, boolean preemptible, boolean bpfModule) {
  /** Of this machine. */
  public static KernelWays here() throws BpfException {
    return new KernelWays(Dispatch.best(), Preemption.isOn(), SecurityModules.haveBpf());
  }

  /** Where a program can be stopped in the middle, fmod_ret skips who comes meanwhile. */
  boolean overridesByModule() {
    return preemptible && bpfModule;
  }
}
