package dev.skep.bpf;

import java.util.List;

/**
 * A record from the ring, decoded. Texts are the kernel's bytes: mostly UTF-8, not always. Times
 * are nanoseconds of CLOCK_BOOTTIME.
 */
public sealed interface KernelRecord {
  Header header();

  /** A thread group, unique between two boots. {@code start} is that of its leader. */
  record ProcessKey(int pid, long start) {}

  /**
   * @param uid effective
   */
  record Header(int cpu, long time, ProcessKey process, long cgroup, int tid, int uid) {}

  /** The header's process is the child. */
  record Fork(Header header, ProcessKey parent, int namespacePid) implements KernelRecord {}

  /**
   * @param loginUid audit's; -1 if unset
   * @param flags {@code EXEC_*} of shared.h
   * @param arguments argv, a NUL after each
   */
  record Exec(
      Header header,
      ProcessKey parent,
      int namespacePid,
      int loginUid,
      int flags,
      byte[] path,
      byte[] cwd,
      byte[] arguments)
      implements KernelRecord {}

  /**
   * @param code as wait(2) gives it: status << 8 | signal, 0x80 for a core dump
   */
  record Exit(Header header, int code) implements KernelRecord {}

  /**
   * @param policy uid, resolved from the slot
   * @param hook index in the policy
   * @param version edition that decided: the low 32 bits of {@link PolicyPlan#generation} at the
   *     time its program was loaded
   */
  record Hook(
      Header header,
      String policy,
      int hook,
      int version,
      int syscall,
      int selector,
      Action action,
      int signal,
      boolean returnFollows,
      List<Argument> arguments)
      implements KernelRecord {}

  /** The return value of the call that the {@link Hook} of the same tid and entry time reported. */
  record Return(Header header, String policy, int hook, int version, long entryTime, long value)
      implements KernelRecord {}

  enum Action {
    POST,
    SIGNAL,
    WOULD_SIGNAL
  }

  /**
   * @param value the register; for a buffer its full size in bytes
   * @param bytes text (no NUL) or buffer; empty for numbers
   */
  record Argument(
      HookPlan.ArgumentKind kind,
      int index,
      boolean truncated,
      boolean unreadable,
      long value,
      byte[] bytes) {}
}
