package dev.skep.bpf;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record from the ring, decoded. Texts are the kernel's bytes: mostly UTF-8, not always. Times
 * are nanoseconds of CLOCK_BOOTTIME.
 */
public sealed interface KernelRecord {
  Header header();

  /** A thread group, unique between two boots. {@code start} is that of its leader. */
  record ProcessKey(int pid, long start) {}

  /**
   * @param began when the program that the process runs began: the time of its last exec record, or
   *     the process' start if it executed none (that we saw); 0 where the kernel's process map does
   *     not have it. Process and began name a program, whichever records of it were lost
   * @param uid effective
   */
  record Header(
      int cpu, long time, ProcessKey process, long began, long cgroup, int tid, int uid) {}

  /**
   * The header's process is the child.
   *
   * @param parent who made it, whoever adopts it later
   * @param parentBegan when the program began that the parent ran then: its {@link Header#began}; 0
   *     if not known
   * @param inInitTree whether it descends from the first process of its container
   */
  record Fork(
      Header header, ProcessKey parent, long parentBegan, int namespacePid, boolean inInitTree)
      implements KernelRecord {}

  /**
   * A program, from its exec on. Of processes that are older than the programs, what procfs says.
   * Its header's time and began are the same, unless the process map is full.
   *
   * @param parent who made the process
   * @param parentBegan when the program began that the parent ran then; 0 if not known
   * @param loginUid audit's; -1 if unset
   * @param flags those of this record that are set, such as {@link #TRUNCATED_ARGUMENTS}
   * @param path of the executable as the kernel resolved it; of a script that is its interpreter
   * @param arguments argv, a NUL after each
   * @param environment as arguments; empty unless asked for
   */
  record Exec(
      Header header,
      ProcessKey parent,
      long parentBegan,
      int namespacePid,
      int loginUid,
      int flags,
      byte[] path,
      byte[] cwd,
      byte[] arguments,
      byte[] environment,
      Credentials credentials,
      Namespaces namespaces,
      Executable executable)
      implements KernelRecord {
    public static final int TRUNCATED_ARGUMENTS = 1;
    public static final int UNREADABLE_ARGUMENTS = 1 << 1;
    public static final int TRUNCATED_PATH = 1 << 2;
    public static final int UNREADABLE_PATH = 1 << 3;
    public static final int TRUNCATED_CWD = 1 << 4;
    public static final int UNREADABLE_CWD = 1 << 5;
    public static final int ROOT_CWD = 1 << 6;
    public static final int TRUNCATED_ENVIRONMENT = 1 << 7;
    public static final int UNREADABLE_ENVIRONMENT = 1 << 8;

    /** Descends from the first process of its container. */
    public static final int IN_INIT_TREE = 1 << 9;

    /**
     * It gained a permitted capability by those of the file: it neither is nor became root of its
     * user namespace, who has them all anyway.
     */
    public static final int RAISED_BY_FILE_CAPABILITIES = 1 << 10;

    /** Its effective user became root of the system, and was not. */
    public static final int RAISED_BY_SETUID = 1 << 11;

    /** Its effective group became root's of the system, and was not. */
    public static final int RAISED_BY_SETGID = 1 << 12;

    /**
     * Nothing could see how the credentials changed: the raised flags and set ids are not known.
     */
    public static final int UNKNOWN_CHANGE = 1 << 13;

    public boolean has(int flag) {
      return (flags & flag) != 0;
    }
  }

  /**
   * What a process may do, ids as the initial user namespace has them.
   *
   * @param secureBits {@code SECBIT_*} of linux/securebits.h
   * @param permitted capabilities, a bit for each
   * @param userLevel of its user namespace, 0 for the initial one
   * @param userOwner who made its user namespace
   */
  record Credentials(
      int uid,
      int gid,
      int euid,
      int egid,
      int suid,
      int sgid,
      int fsuid,
      int fsgid,
      int secureBits,
      long permitted,
      long effective,
      long inheritable,
      int userLevel,
      int userOwner,
      int userGroup) {
    public static final Credentials NONE =
        new Credentials(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /** Inode numbers of the namespaces, as /proc/PID/ns shows them; 0 where the kernel has none. */
  record Namespaces(
      int uts,
      int ipc,
      int mnt,
      int pid,
      int pidForChildren,
      int net,
      int time,
      int timeForChildren,
      int cgroup,
      int user) {
    public static final Namespaces NONE = new Namespaces(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /**
   * The file that was executed.
   *
   * @param device of its file system, encoded as stat(2) does it (which tells another one of files
   *     on overlayfs and btrfs)
   * @param links names that the file has; 0 if it was deleted or is a memfd
   * @param setuid user that its setuid bit made the process' effective one; -1 if it has none, or
   *     changed nothing
   * @param setgid the same of the group
   */
  record Executable(long device, long inode, int links, int setuid, int setgid) {
    public static final Executable NONE = new Executable(0, 0, 1, -1, -1);
  }

  /** The cgroup of the header exceeds its limit of events: further ones are counted, not told. */
  record Throttle(Header header) implements KernelRecord {}

  /**
   * A cgroup of the unified hierarchy was made, and inherited its parent's cover. No process is in
   * it yet, and it is not to be seen in the file system yet.
   *
   * @param header process: who made it
   * @param level below the hierarchy's root, which has 0
   * @param path from the hierarchy's root on, such as {@code /system.slice/cron.service}; if it has
   *     1023 bytes it may be cut, and {@link SkepKernel#cgroupPath} knows it whole
   */
  record CgroupMade(Header header, long cgroup, long parent, int level, byte[] path)
      implements KernelRecord {}

  /** A cgroup was removed. Its id does not come again. */
  record CgroupGone(Header header, long cgroup) implements KernelRecord {}

  /**
   * @param code as wait(2) gives it: status << 8 | signal, 0x80 for a core dump
   */
  record Exit(Header header, int code) implements KernelRecord {}

  /**
   * @param policy uid, resolved from the slot
   * @param hook index in the policy
   * @param version edition that decided: the low 32 bits of {@link PolicyPlan#generation} at the
   *     time its program was loaded
   * @param point the system call's number; of a function of the kernel, a number of Skep's own from
   *     512 on
   * @param function that has this point, or had it last; empty of a system call
   */
  record Hook(
      Header header,
      String policy,
      int hook,
      int version,
      int point,
      String function,
      int selector,
      Action action,
      int signal,
      Following following,
      List<Argument> arguments)
      implements KernelRecord {}

  /** What the {@link Return} of a call will say, which comes unless its thread dies. */
  enum Following {
    /** None will come. */
    NOTHING,
    /** What the call returned. */
    VALUE,
    /** That, and whether the call is to be told at all. */
    DECISION
  }

  /**
   * The return value of the call that the {@link Hook} of the same tid and entry time reported.
   *
   * @param selector that decided at the return, if any did
   * @param action taken at the return; null: the call is not to be told
   * @param signal of the action; 0 for none
   */
  record Return(
      Header header,
      String policy,
      int hook,
      int version,
      long entryTime,
      long value,
      int selector,
      @Nullable Action action,
      int signal)
      implements KernelRecord {}

  enum Action {
    POST,
    SIGNAL,
    WOULD_SIGNAL,
    OVERRIDE,
    WOULD_OVERRIDE;

    /** Whether it was carried out, if it is one that does something to the process. */
    public boolean enforced() {
      return this == SIGNAL || this == OVERRIDE;
    }
  }

  /**
   * @param value the number, as wide as its kind says; of a buffer its full size in bytes; of a
   *     path the mode of its inode is in the upper half
   * @param bytes text (no NUL), buffer, or what {@link NetworkFacts} are read from; empty for
   *     numbers
   */
  record Argument(
      HookPlan.ArgumentKind kind,
      int index,
      boolean truncated,
      boolean unreadable,
      long value,
      byte[] bytes) {}
}
