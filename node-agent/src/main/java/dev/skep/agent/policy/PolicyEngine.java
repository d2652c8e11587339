package dev.skep.agent.policy;

import static dev.skep.agent.policy.PolicyStanding.State.DEGRADED;
import static dev.skep.agent.policy.PolicyStanding.State.FAILED;
import static dev.skep.agent.policy.PolicyStanding.State.LOADED;
import static dev.skep.agent.policy.PolicyStanding.State.LOADING;
import static dev.skep.agent.policy.PolicyStanding.State.PENDING;
import static dev.skep.agent.policy.PolicyStanding.State.SKIPPED;
import static dev.skep.agent.policy.PolicyStanding.State.UNSUPPORTED;

import dev.skep.agent.event.PolicyBook;
import dev.skep.agent.event.WatchedPolicy;
import dev.skep.agent.plan.Binding;
import dev.skep.agent.plan.PolicyBinder;
import dev.skep.agent.pod.Coverage;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.SkepKernel.HeldPolicy;
import dev.skep.policy.Policy;
import dev.skep.policy.Reading;
import dev.skep.policy.Scope;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the kernel to what is wanted, one policy at a time: one that fails leaves the others
 * alone, and an edition that cannot be loaded leaves the one before it acting. What the kernel
 * holds and nobody wants goes only after the first {@link #want}. One thread, but for {@link
 * #standings}.
 */
public final class PolicyEngine {
  private static final Logger LOG = LoggerFactory.getLogger(PolicyEngine.class);

  private final SkepKernel kernel;
  private final PolicyBinder binder;
  private final PolicyBook book;
  private final Coverage coverage;
  private final String functionPrefix;
  private final Predicate<Policy> meantForThisNode;
  private final Runnable changed;

  private final TreeMap<String, Entry> entries = new TreeMap<>();
  private final Map<String, PolicyTotals> seeds = new HashMap<>();
  private String config = "";
  private boolean told;
  private boolean settled;
  private volatile Standings standings = Standings.NONE;

  /**
   * @param functionPrefix what the kernel puts before a system call's name
   * @param changed called whenever {@link #standings} has changed
   */
  public PolicyEngine(
      SkepKernel kernel,
      PolicyBinder binder,
      PolicyBook book,
      Coverage coverage,
      String functionPrefix,
      Predicate<Policy> meantForThisNode,
      Runnable changed) {
    this.kernel = kernel;
    this.binder = binder;
    this.book = book;
    this.coverage = coverage;
    this.functionPrefix = functionPrefix;
    this.meantForThisNode = meantForThisNode;
    this.changed = changed;
  }

  /**
   * What policies had counted before the kernel forgot it in a reboot. Taken when a policy is
   * loaded and the kernel knows nothing of it.
   */
  public void seed(Map<String, PolicyTotals> totals) {
    seeds.putAll(totals);
  }

  /**
   * Policies that the kernel may hold already: records of them are told by their names, before
   * anything is wanted.
   */
  public void recall(List<WantedPolicy> policies) {
    for (var wanted : policies) {
      if (wanted.reading() instanceof Reading.Accepted(var policy, _)) {
        book.put(WatchedPolicy.of(policy, functionPrefix));
        coverage.policy(policy.uid(), policy.scope());
      }
    }
  }

  /** From now on these policies are wanted and no others. */
  public void want(String config, List<WantedPolicy> policies) {
    this.config = config;
    told = true;
    var uids = policies.stream().map(WantedPolicy::uid).collect(Collectors.toSet());
    entries.keySet().retainAll(uids);
    seeds.keySet().retainAll(uids);
    policies.forEach(policy -> {
      var entry = entries.get(policy.uid());
      if (entry == null || !entry.policy.equals(policy)) {
        entries.put(policy.uid(), new Entry(policy));
      }
    });
    publish();
    entries.values().stream()
        .filter(entry -> entry.standing.state() == PENDING)
        .forEach(this::load);
    settle();
  }

  /**
   * Tries again what may succeed by now, and asks the kernel what it holds. To be called every few
   * seconds.
   */
  public void tend() {
    if (told) {
      entries.values().stream().filter(Entry::triesNow).forEach(this::load);
      coverage.tend();
      settle();
    }
  }

  /** How all policies stand. Any thread. */
  public Standings standings() {
    return standings;
  }

  private void load(Entry entry) {
    switch (entry.policy.reading()) {
      case Reading.Accepted(var policy, _) -> load(entry, policy);
      case Reading.Refused(var problems) -> {
        boolean unsupported = problems.stream().allMatch(p -> p.kind() == Reading.Kind.UNSUPPORTED);
        entry.stand(
            unsupported ? UNSUPPORTED : FAILED,
            unsupported ? "NotSupportedYet" : "Invalid",
            problems.stream().map(Object::toString).collect(Collectors.joining("; ")));
      }
    }
  }

  private void load(Entry entry, Policy policy) {
    if (!meantForThisNode.test(policy)) {
      entry.stand(SKIPPED, "NodeNotSelected", "spec.nodeSelector does not select this node");
      return;
    }
    switch (binder.bind(policy)) {
      case Binding.Unbindable(var problems) ->
          entry.stand(UNSUPPORTED, "NotOnThisNode", String.join("; ", problems));
      case Binding.Bound(var plan) -> load(entry, policy, plan);
    }
  }

  private void load(Entry entry, Policy policy, PolicyPlan plan) {
    if (entry.standing.state() == PENDING) {
      entry.stand(LOADING, "Loading", "");
      publish();
    }
    // What is narrowed for the first time has to be covered before it stops to act everywhere.
    boolean coverFirst = coverage.scope(policy.uid()) == null;
    if (coverFirst) {
      coverage.policy(policy.uid(), policy.scope());
    }
    if (!policy.scope().equals(Scope.EVERYTHING) && !coverage.knowsPods()) {
      entry.stand(LOADING, "WaitingForPods", "until the pods of this node are known");
      return; // what the kernel holds of it, and for which cgroups, goes on acting
    }
    var told = WatchedPolicy.of(policy, functionPrefix);
    book.put(told);
    try {
      kernel.apply(plan, seeds.getOrDefault(policy.uid(), PolicyTotals.NONE));
      coverage.policy(policy.uid(), policy.scope());
      entry.loaded();
    } catch (BpfException e) {
      book.takeBack(told);
      if (coverFirst) {
        coverage.policyGone(policy.uid());
      }
      entry.failed(e);
    }
  }

  /** Removes what is not wanted, then asks the kernel what it holds. */
  private void settle() {
    coverage.policies().stream().filter(uid -> !isMeantToBeHeld(uid)).forEach(coverage::policyGone);
    coverage.settled();
    try {
      for (var uid : kernel.policies().keySet()) {
        if (!isMeantToBeHeld(uid)) {
          remove(uid);
        }
      }
      var held = kernel.policies();
      entries
          .values()
          .forEach(entry -> {
            var uid = entry.policy.uid();
            entry.compare(held.get(uid), coverage.scope(uid) == null ? null : coverage.trouble());
          });
    } catch (BpfException e) {
      LOG.error("cannot ask the kernel which policies it holds: {}", e.getMessage());
      entries.values().forEach(entry -> entry.unknown(e));
    }
    settled = true;
    publish();
  }

  /**
   * A policy whose newest edition cannot be carried out stays as it was: that it is wanted is
   * known, what replaces it is not.
   */
  private boolean isMeantToBeHeld(String uid) {
    var entry = entries.get(uid);
    return entry != null && entry.standing.state() != SKIPPED;
  }

  private void remove(String uid) {
    try {
      kernel.remove(uid);
      book.remove(uid);
      coverage.policyGone(uid);
      LOG.info("policy {} removed from the kernel", uid);
    } catch (BpfException e) {
      LOG.error("policy {} is not wanted any more, but stays: {}", uid, e.getMessage());
    }
  }

  private void publish() {
    entries.values().forEach(Entry::log);
    if (!settled) {
      return; // what an earlier agent left acts already, and is not Pending because we begin
    }
    var now =
        new Standings(config, entries.values().stream().map(entry -> entry.standing).toList());
    if (!now.equals(standings)) {
      standings = now;
      changed.run();
    }
  }

  /** A wanted policy and what became of it. */
  private static final class Entry {
    private static final int LONGEST_PAUSE = 12;

    final WantedPolicy policy;
    PolicyStanding standing;
    private @Nullable PolicyStanding logged;

    /** In calls of {@link #tend}: doubles with every failure. */
    private int pause = 1;

    private int rest;
    private boolean mayHelp;

    /** What was said before the kernel was asked. */
    private String message = "";

    Entry(WantedPolicy policy) {
      this.policy = policy;
      standing = new PolicyStanding(policy, PENDING, "Waiting", "");
    }

    boolean triesNow() {
      return standing.state() == LOADING || (standing.state() == FAILED && mayHelp && --rest <= 0);
    }

    void stand(PolicyStanding.State state, String reason, String message) {
      this.message = message;
      change(state, reason, message);
    }

    void loaded() {
      pause = 1;
      stand(LOADED, "Loaded", policy.warning());
    }

    void failed(BpfException failure) {
      mayHelp = Retry.mayHelp(failure.errno());
      rest = pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      stand(FAILED, "LoadFailed", failure.getMessage() + (mayHelp ? "; it is tried again" : ""));
    }

    /**
     * The kernel has the last word.
     *
     * @param uncovered what it should cover and does not
     */
    void compare(@Nullable HeldPolicy held, @Nullable String uncovered) {
      switch (standing.state()) {
        case LOADED, DEGRADED -> {
          if (held == null) {
            mayHelp = true;
            change(FAILED, "NotInKernel", "the kernel does not hold it any more");
          } else if (!held.complete()) {
            change(DEGRADED, "Incomplete", "the kernel holds only a part of it");
          } else if (uncovered != null) {
            change(DEGRADED, "NotCovered", "does not act on all that it chooses: " + uncovered);
          } else {
            change(LOADED, "Loaded", policy.warning());
          }
        }
        case FAILED, UNSUPPORTED -> {
          if (held != null) {
            change(
                standing.state(),
                standing.reason(),
                message + "; generation " + held.generation() + " goes on acting");
          }
        }
        case PENDING, LOADING, SKIPPED -> {}
      }
    }

    void unknown(BpfException failure) {
      if (standing.state() == LOADED) {
        change(DEGRADED, "NotReadBack", String.valueOf(failure.getMessage()));
      }
    }

    private void change(PolicyStanding.State state, String reason, String message) {
      standing = new PolicyStanding(policy, state, reason, message);
    }

    /** Says what is new since it last did. */
    void log() {
      if (standing.equals(logged)) {
        return;
      }
      switch (standing.state()) {
        case FAILED, UNSUPPORTED, DEGRADED ->
            LOG.error("policy {}: {}: {}", policy, standing.state().text(), standing.message());
        case LOADED -> {
          LOG.info("policy {}: {}", policy, standing.state().text());
          policy.warnings().forEach(warning -> LOG.warn("policy {}: {}", policy, warning));
        }
        case SKIPPED -> LOG.info("policy {}: {}", policy, standing.state().text());
        case PENDING, LOADING -> {}
      }
      logged = standing;
    }
  }
}
