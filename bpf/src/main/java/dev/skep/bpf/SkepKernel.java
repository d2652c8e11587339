package dev.skep.bpf;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All that Skep holds in this node's kernel, as one thing: the base sensor, the system-call
 * dispatchers, the policies' programs, counters and the ring. Everything is pinned below one folder
 * of bpffs, so that it outlives the agent; a new instance takes over what it finds there without a
 * gap and without counting twice.
 *
 * <p>Threads: any, except that the ring has one consumer. Policies are changed by one thread at a
 * time.
 */
public interface SkepKernel extends AutoCloseable {

  /**
   * Loads every hook of the policy and, once all are verified and ready, lets them act in place of
   * what this uid had. Does nothing but raise the generation where the kernel already holds an
   * equal plan. On failure nothing has changed.
   *
   * @param seed what the policy counted before; taken only where the kernel has no counters of this
   *     uid
   * @throws BpfException with the operation, errno and the shortened verifier log
   */
  void apply(PolicyPlan plan, PolicyTotals seed) throws BpfException;

  /** Removes the policy's programs, sets and counters. Nothing happens if there is none. */
  void remove(String uid) throws BpfException;

  /**
   * From now on exactly these of the policies whose scope is {@link PolicyPlan.Scope#CHOSEN} act in
   * the cgroup, and in every one that is made below it later; each inherits once, when it is made.
   * Of those that are below it already each has to be named, the upper first. One that is made at
   * this very moment may still have inherited what was before: its {@link KernelRecord.CgroupMade}
   * comes, and it has to be named then. Nothing happens if the cgroup is gone.
   *
   * <p>What was said holds over agents; uids that the kernel does not hold yet count as soon as
   * they are applied, but the next agent has to say them again.
   *
   * @param cgroup its id in the unified hierarchy
   * @throws BpfException also if 16,384 cgroups are covered already, or by 2,048 different sets of
   *     policies
   */
  void cover(long cgroup, Set<String> uids) throws BpfException;

  /** The cgroup is one of the others again. Those below it keep what they have. */
  void uncover(long cgroup) throws BpfException;

  /** The policies of {@link PolicyPlan.Scope#CHOSEN} for cgroups of which nothing was said. */
  void coverOthers(Set<String> uids) throws BpfException;

  /** The policies that the kernel holds, read back from it, those of an earlier agent included. */
  Map<String, HeldPolicy> policies() throws BpfException;

  /** {@link PolicyTotals#NONE} if the kernel does not know the uid. */
  PolicyTotals totals(String uid) throws BpfException;

  /**
   * Bytes of kernel memory that are there for the policy: its programs, their constants and its
   * value sets, those that other policies have too included. The same at any number of CPUs.
   */
  long memory(String uid) throws BpfException;

  /** Of the whole node, since boot. */
  PolicyTotals.ProcessTotals processTotals() throws BpfException;

  /** Of one cgroup, by its id in the unified hierarchy. */
  PolicyTotals.ProcessTotals processTotals(long cgroup) throws BpfException;

  /** Lost records and refused map entries by cause, since boot; causes that are 0 are there too. */
  Map<String, Long> drops() throws BpfException;

  /** Processes that are alive now, as the kernel's process map has them, oldest first. */
  List<KernelRecord.Exec> processes() throws BpfException;

  /**
   * One of them, by its id in the initial pid namespace: for who missed its records. Empty if it
   * has ended or the kernel's process map does not have it.
   */
  Optional<KernelRecord.Exec> process(int pid) throws BpfException;

  /** How the life of processes is seen on this kernel. */
  ProcessHooks processHooks();

  ProcessMapStatistics processMap() throws BpfException;

  /**
   * Ends the throttling of those cgroups of which nothing was suppressed for five intervals, and at
   * least 5 s, and tells of them. To be called about once a second.
   */
  List<ThrottleEnd> endThrottles() throws BpfException;

  /**
   * Looks at all processes for those whose fork or exec the kernel passed over, and puts right what
   * policies know of them. Does nothing unless it passed over something since the last time: to be
   * called about once a second.
   */
  void findMissed() throws BpfException;

  /**
   * The path of a cgroup below the root of the unified hierarchy, such as {@code
   * /system.slice/cron.service}; empty if there is none with this id.
   */
  Optional<String> cgroupPath(long cgroup) throws BpfException;

  /**
   * All cgroups of the node that can be seen, parents before their children; those that come and go
   * meanwhile may be there or not.
   */
  List<Cgroup> cgroups() throws BpfException;

  /**
   * Reads the ring on the calling thread until {@link #close} or an interrupt: drains, hands each
   * record over, sleeps adaptively, and calls {@link Consumer#idle} before it blocks. Records are
   * in ring order.
   */
  void consume(Consumer consumer);

  /** The folder of bpffs that holds the pins. */
  String folder();

  /** Stops consuming and lets go of everything; what is pinned goes on acting in the kernel. */
  @Override
  void close();

  /** Detaches and unpins everything: afterwards the kernel holds nothing of Skep's. Then closes. */
  void detach() throws BpfException;

  /**
   * The kernel's process map.
   *
   * @param entries that it has now
   * @param insertErrors processes that found it full
   * @param removeErrors processes that ended and were not in it
   */
  record ProcessMapStatistics(
      long entries,
      long capacity,
      long inserted,
      long removed,
      long insertErrors,
      long removeErrors) {}

  /**
   * @param parent 0 for the node's root
   * @param path below the node's root, which is {@code /}
   */
  record Cgroup(long id, long parent, String path) {}

  /**
   * @param suppressed forks and execs that were not told since the throttling began
   */
  record ThrottleEnd(long cgroup, long suppressed) {}

  /** What the kernel holds of a policy. */
  record HeldPolicy(long generation, boolean monitor, Set<Integer> hooks, boolean complete) {}

  /** Called on the consuming thread alone. */
  interface Consumer {
    void accept(KernelRecord record);

    /** Some milliseconds without records begin: what was told should not have to wait for more. */
    default void pause() {}

    /** The ring is empty, and no record is expected. */
    void idle();
  }
}
