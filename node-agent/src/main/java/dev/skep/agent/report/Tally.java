package dev.skep.agent.report;

import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Which of the kernel's counts belong to the Node as it is now. A Node may be deleted and made anew
 * while its kernel counts on: what had been told by then is in the operator's ledger, and would be
 * told twice.
 *
 * @param node the Node's uid; null: not known yet
 * @param before by policy: what was told for earlier Nodes of this kernel
 * @param told by policy: the kernel's counts at the last report
 */
public record Tally(
    @Nullable String node, Map<String, PolicyTotals> before, Map<String, PolicyTotals> told) {
  public static final Tally NONE = new Tally(null, Map.of(), Map.of());

  public Tally {
    before = Map.copyOf(before);
    told = Map.copyOf(told);
  }

  /** The Node has this uid. */
  public Tally joined(String uid) {
    if (uid.equals(node)) {
      return this;
    }
    return new Tally(uid, node == null ? Map.of() : told, told);
  }

  /** These were reported, of all policies that the node has. */
  public Tally told(Map<String, PolicyTotals> counts) {
    var kept = new HashMap<>(before);
    kept.keySet().retainAll(counts.keySet());
    return new Tally(node, kept, counts);
  }

  /** What is to be told when the kernel counts this. */
  public PolicyTotals of(String policy, PolicyTotals counts) {
    var earlier = before.get(policy);
    if (earlier == null) {
      return counts;
    }
    var hooks = new HashMap<Integer, HookTotals>();
    earlier.hooks().forEach(hook -> hooks.put(hook.index(), hook));
    var rest =
        new PolicyTotals(
            counts.hooks().stream().map(hook -> minus(hook, hooks.get(hook.index()))).toList(),
            counts.processes().minus(earlier.processes()));
    return isCount(rest) ? rest : counts; // else it has started from zero since
  }

  private static HookTotals minus(HookTotals now, @Nullable HookTotals was) {
    return was == null
        ? now
        : new HookTotals(
            now.index(),
            now.posted() - was.posted(),
            now.suppressed() - was.suppressed(),
            now.enforced() - was.enforced(),
            now.monitored() - was.monitored(),
            now.dropped() - was.dropped());
  }

  private static boolean isCount(PolicyTotals totals) {
    var processes = totals.processes();
    return totals.hooks().stream()
            .flatMapToLong(hook ->
                LongStream.of(
                    hook.posted(),
                    hook.suppressed(),
                    hook.enforced(),
                    hook.monitored(),
                    hook.dropped()))
            .allMatch(count -> count >= 0)
        && processes.forks() >= 0
        && processes.execs() >= 0
        && processes.exits() >= 0;
  }
}
