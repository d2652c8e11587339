package dev.skep.bpf;

import java.util.List;

/**
 * What the kernel counted for a policy since it exists, editions, agent restarts and (by the seed
 * of {@link SkepKernel#apply}) reboots included.
 *
 * @param hooks one per hook that the policy has or ever had on this node, ordered by index
 * @param processes since the policy came to this node: of all cgroups, or of those that the policy
 *     covers, while it covers them
 */
public record PolicyTotals(List<HookTotals> hooks, ProcessTotals processes) {
  public static final PolicyTotals NONE = new PolicyTotals(List.of(), new ProcessTotals(0, 0, 0));

  public PolicyTotals {
    hooks = List.copyOf(hooks);
  }

  /**
   * @param posted events, whether or not they reached the ring
   * @param suppressed matches with NoPost
   * @param enforced signals sent
   * @param monitored signals that monitor mode held back
   * @param dropped events that found the ring full
   */
  public record HookTotals(
      int index, long posted, long suppressed, long enforced, long monitored, long dropped) {}

  /**
   * @param suppressed forks and execs that were counted but, over the limit of their cgroup, not
   *     told
   */
  public record ProcessTotals(long forks, long execs, long exits, long suppressed) {
    public ProcessTotals(long forks, long execs, long exits) {
      this(forks, execs, exits, 0);
    }

    /** But for what was suppressed: that is a cgroup's, not a policy's. */
    public ProcessTotals plus(ProcessTotals other) {
      return new ProcessTotals(forks + other.forks, execs + other.execs, exits + other.exits);
    }

    /** But for what was suppressed. */
    public ProcessTotals minus(ProcessTotals other) {
      return new ProcessTotals(forks - other.forks, execs - other.execs, exits - other.exits);
    }
  }
}
