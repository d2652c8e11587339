package dev.skep.agent.policy;

import dev.skep.agent.pod.Coverage;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.ProcessHooks;
import dev.skep.bpf.SkepKernel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Notes what it is asked for and refuses what it is told to refuse. */
final class RecordingKernel implements SkepKernel, Coverage.Kernel {
  final List<String> asked = new ArrayList<>();
  final Map<String, HeldPolicy> held = new HashMap<>();
  final Map<String, BpfException> refusals = new HashMap<>();
  final Map<String, PolicyTotals> seeds = new HashMap<>();
  boolean mute;

  @Override
  public void apply(PolicyPlan plan, PolicyTotals seed) throws BpfException {
    asked.add("apply " + plan.uid() + " " + plan.generation());
    refuse(plan.uid());
    seeds.put(plan.uid(), seed);
    held.put(
        plan.uid(),
        new HeldPolicy(
            plan.generation(),
            plan.monitor(),
            plan.hooks().stream().map(HookPlan::index).collect(Collectors.toSet()),
            true));
  }

  @Override
  public long memory(String uid) {
    return 0;
  }

  @Override
  public void remove(String uid) throws BpfException {
    asked.add("remove " + uid);
    refuse("remove " + uid);
    held.remove(uid);
  }

  private void refuse(String what) throws BpfException {
    var refusal = refusals.get(what);
    if (refusal != null) {
      throw refusal;
    }
  }

  @Override
  public void cover(long cgroup, Set<String> uids) {}

  @Override
  public void uncover(long cgroup) {}

  @Override
  public void coverOthers(Set<String> uids) {}

  @Override
  public Map<String, HeldPolicy> policies() throws BpfException {
    if (mute) {
      throw new BpfException("bpf_map_lookup_elem", 5, "hooks");
    }
    return Map.copyOf(held);
  }

  @Override
  public PolicyTotals totals(String uid) {
    return PolicyTotals.NONE;
  }

  @Override
  public PolicyTotals.ProcessTotals processTotals() {
    return PolicyTotals.NONE.processes();
  }

  @Override
  public PolicyTotals.ProcessTotals processTotals(long cgroup) {
    return PolicyTotals.NONE.processes();
  }

  @Override
  public Map<String, Long> drops() {
    return Map.of();
  }

  @Override
  public List<KernelRecord.Exec> processes() {
    return List.of();
  }

  @Override
  public Optional<KernelRecord.Exec> process(int pid) {
    return Optional.empty();
  }

  @Override
  public ProcessHooks processHooks() {
    throw new UnsupportedOperationException();
  }

  @Override
  public ProcessMapStatistics processMap() {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<ThrottleEnd> endThrottles() {
    return List.of();
  }

  @Override
  public void findMissed() {}

  @Override
  public List<Cgroup> cgroups() {
    return List.of();
  }

  @Override
  public Optional<String> cgroupPath(long cgroup) {
    return Optional.empty();
  }

  @Override
  public void consume(Consumer consumer) {}

  @Override
  public String folder() {
    return "nowhere";
  }

  @Override
  public void close() {}

  @Override
  public void detach() {
    held.clear();
  }
}
