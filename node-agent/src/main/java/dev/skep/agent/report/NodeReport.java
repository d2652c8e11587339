package dev.skep.agent.report;

import dev.skep.agent.policy.PolicyStanding;
import dev.skep.agent.policy.Standings;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.SkepKernel.ProcessMapStatistics;
import dev.skep.crds.v1alpha1.HookEvents;
import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.crds.v1alpha1.NodeStateStatus.Drop;
import dev.skep.crds.v1alpha1.NodeStateStatus.PolicyState;
import dev.skep.crds.v1alpha1.NodeStateStatus.ProcessMap;
import dev.skep.crds.v1alpha1.ProcessEvents;
import dev.skep.crds.v1alpha1.Violation;
import dev.skep.crds.v1alpha1.ViolationTotals;
import dev.skep.policy.Policy;
import dev.skep.policy.Reading;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The node's status, made of what is known at one moment. */
public final class NodeReport {
  /** The whole status shall stay below 24 KB, with some hundred policies too. */
  private static final int MESSAGE = 512;

  private static final long PROCESS_MAP_STEPS = 64;

  private NodeReport() {}

  /**
   * @param totals of each policy, by uid
   * @param memory bytes in the kernel, by uid
   * @param violations newest first
   * @param drops by cause
   * @param processMap as the kernel has it now
   */
  public static NodeStateStatus of(
      AgentFacts facts,
      Standings standings,
      Map<String, PolicyTotals> totals,
      Map<String, Long> memory,
      List<Violation> violations,
      Map<String, Long> drops,
      ProcessMapStatistics processMap) {
    return new NodeStateStatus(
        facts.nodeName(),
        facts.bootID(),
        facts.agentVersion(),
        facts.kernel(),
        standings.config().isEmpty() ? null : standings.config(),
        standings.policies().stream()
            .map(s ->
                state(
                    s,
                    totals.getOrDefault(s.policy().uid(), PolicyTotals.NONE),
                    memory.getOrDefault(s.policy().uid(), 0L)))
            .toList(),
        violations,
        new TreeMap<>(drops)
            .entrySet().stream()
                .filter(drop -> drop.getValue() != 0)
                .map(drop -> new Drop(drop.getKey(), drop.getValue()))
                .toList(),
        facts.processHooks(),
        processMap(processMap));
  }

  /**
   * Of an agent that was not told yet what is wanted: the last report, with the counters that it
   * had, but claiming no policy that the kernel does not hold (any more, after a reboot).
   *
   * @param held uids of the policies that the kernel holds
   */
  public static NodeStateStatus before(
      AgentFacts facts, NodeStateStatus last, Set<String> held, ProcessMapStatistics processMap) {
    return new NodeStateStatus(
        facts.nodeName(),
        facts.bootID(),
        facts.agentVersion(),
        facts.kernel(),
        last.observedConfig(),
        last.policies().stream()
            .map(policy -> held.contains(policy.uid()) ? policy : waiting(policy))
            .toList(),
        last.recentViolations(),
        last.drops(),
        facts.processHooks(),
        processMap(processMap));
  }

  private static @Nullable ProcessMap processMap(ProcessMapStatistics now) {
    if (now.capacity() == 0) {
      return null;
    }
    long step = Math.max(1, now.capacity() / PROCESS_MAP_STEPS);
    return new ProcessMap((now.entries() + step - 1) / step * step, now.capacity());
  }

  private static PolicyState waiting(PolicyState policy) {
    return new PolicyState(
        policy.uid(),
        policy.name(),
        policy.namespace(),
        policy.generation(),
        PolicyStanding.State.PENDING.text(),
        "Waiting",
        "the agent waits for the node's ConfigMap",
        policy.mode(),
        policy.events(),
        policy.processEvents(),
        policy.violations(),
        policy.dropped(),
        policy.kernelMemory());
  }

  private static PolicyState state(PolicyStanding standing, PolicyTotals totals, long memory) {
    var wanted = standing.policy();
    var policy = wanted.reading() instanceof Reading.Accepted(var accepted, _) ? accepted : null;
    return new PolicyState(
        wanted.uid(),
        wanted.name(),
        wanted.namespace(),
        wanted.generation(),
        standing.state().text(),
        standing.reason(),
        message(standing.message()),
        policy == null ? null : policy.mode().text(),
        policy == null ? List.of() : events(policy, totals),
        processes(totals.processes()),
        violations(totals),
        sum(totals, HookTotals::dropped),
        memory == 0 ? null : memory);
  }

  private static List<HookEvents> events(Policy policy, PolicyTotals totals) {
    var posted = new HashMap<Integer, Long>();
    totals.hooks().forEach(hook -> posted.put(hook.index(), hook.posted()));
    return policy.hooks().stream()
        .map(hook -> new HookEvents(hook.call(), posted.getOrDefault(hook.index(), 0L)))
        .toList();
  }

  private static ProcessEvents processes(ProcessTotals totals) {
    return new ProcessEvents(totals.execs(), totals.exits(), totals.forks());
  }

  private static ViolationTotals violations(PolicyTotals totals) {
    long enforced = sum(totals, HookTotals::enforced);
    long monitored = sum(totals, HookTotals::monitored);
    return new ViolationTotals(enforced + monitored, enforced, monitored);
  }

  private static long sum(PolicyTotals totals, ToLongFunction<HookTotals> of) {
    return totals.hooks().stream().mapToLong(of).sum();
  }

  private static @Nullable String message(String message) {
    if (message.isEmpty()) {
      return null;
    }
    return message.length() <= MESSAGE ? message : message.substring(0, MESSAGE - 1) + "…";
  }

  /**
   * What policies had counted by the time of an earlier report of this node, by uid. A report keeps
   * violations by policy only: they are put on its first hook.
   */
  public static Map<String, PolicyTotals> totals(NodeStateStatus report) {
    var totals = new HashMap<String, PolicyTotals>();
    for (var policy : report.policies()) {
      var uid = policy.uid();
      if (uid != null) {
        totals.put(uid, totals(policy));
      }
    }
    return totals;
  }

  private static PolicyTotals totals(PolicyState policy) {
    var violations = Objects.requireNonNullElse(policy.violations(), ViolationTotals.NONE);
    var processes = Objects.requireNonNullElse(policy.processEvents(), ProcessEvents.NONE);
    var dropped = Objects.requireNonNullElse(policy.dropped(), 0L);
    var hooks = new ArrayList<HookTotals>();
    for (int i = 0; i < policy.events().size(); i++) {
      hooks.add(
          new HookTotals(
              i,
              policy.events().get(i).count(),
              0,
              i == 0 ? violations.enforced() : 0,
              i == 0 ? violations.monitored() : 0,
              i == 0 ? dropped : 0));
    }
    return new PolicyTotals(
        hooks, new ProcessTotals(processes.fork(), processes.exec(), processes.exit()));
  }
}
