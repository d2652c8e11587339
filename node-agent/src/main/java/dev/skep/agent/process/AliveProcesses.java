package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord.Exec;
import java.util.Optional;

/** The processes that are alive, as the kernel has them. */
public interface AliveProcesses {
  /** Empty if there is none with this id, or it cannot be found out. */
  Optional<Exec> process(int pid);
}
