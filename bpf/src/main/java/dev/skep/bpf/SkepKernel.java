package dev.skep.bpf;

import java.util.List;
import java.util.Map;
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

  /** The policies that the kernel holds, read back from it, those of an earlier agent included. */
  Map<String, HeldPolicy> policies() throws BpfException;

  /** {@link PolicyTotals#NONE} if the kernel does not know the uid. */
  PolicyTotals totals(String uid) throws BpfException;

  /** Of the whole node, since boot. */
  PolicyTotals.ProcessTotals processTotals() throws BpfException;

  /** Of one cgroup, by its id in the unified hierarchy. */
  PolicyTotals.ProcessTotals processTotals(long cgroup) throws BpfException;

  /** Lost records and refused map entries by cause, since boot; causes that are 0 are there too. */
  Map<String, Long> drops() throws BpfException;

  /** Processes that are alive now, as the kernel's process map has them, oldest first. */
  List<KernelRecord.Exec> processes() throws BpfException;

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

  /** What the kernel holds of a policy. */
  record HeldPolicy(long generation, boolean monitor, Set<Integer> hooks, boolean complete) {}

  /** Called on the consuming thread alone. */
  interface Consumer {
    void accept(KernelRecord record);

    /** The ring is empty: a good time to flush. */
    void idle();
  }
}
