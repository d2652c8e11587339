package dev.skep.agent.plan;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.KernelTracepoint;
import java.util.Optional;
import java.util.OptionalInt;

/** What a plan has to know of the machine. */
public interface HostFacts {
  /** The number of a system call in the machine's native table. */
  OptionalInt syscallNumber(String name);

  /** What the kernel says of one of its functions. */
  KernelFunction function(String name);

  /**
   * The function of the kernel that carries out a system call, if the kernel lets programs replace
   * what it returns.
   */
  Optional<String> overridable(String syscall);

  /** Whether the kernel asks programs on its LSM hooks. */
  boolean asksLsmPrograms();

  /**
   * What the kernel says of one of its tracepoints.
   *
   * @throws BpfException if it cannot be asked
   */
  KernelTracepoint tracepoint(String subsystem, String event) throws BpfException;

  /** What the kernel's code gives one of its tracepoints. */
  KernelFunction rawTracepoint(String event);

  /** As {@code uname -m} says it. */
  String architecture();

  /**
   * The file behind a path, symbolic links followed; the path itself where there is no such file.
   */
  String resolveLinks(String path);

  /** The node's own, in which its first process is; 0 where one is not known. */
  Namespaces namespaces();
}
