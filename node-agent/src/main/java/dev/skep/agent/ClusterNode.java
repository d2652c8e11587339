package dev.skep.agent;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.skep.agent.kube.Node;
import dev.skep.agent.policy.ConfiguredPolicies;
import dev.skep.agent.policy.PolicyEngine;
import dev.skep.agent.policy.Standings;
import dev.skep.agent.report.AgentFacts;
import dev.skep.agent.report.NodeReport;
import dev.skep.agent.report.Tally;
import dev.skep.agent.report.ViolationLog;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.SkepKernel;
import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.nodeconfig.MalformedConfigException;
import dev.skep.nodeconfig.NodeConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This node as its cluster sees it. */
final class ClusterNode implements Node {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterNode.class);

  private final AgentFacts facts;
  private final SkepKernel kernel;
  private final PolicyEngine engine;
  private final Executor policyThread;
  private final ViolationLog violations;
  private final Losses losses;
  private final LastConfig lastConfig;

  /** The newest; older ones that were not acted on yet are skipped. */
  private final AtomicReference<@Nullable Map<String, String>> config = new AtomicReference<>();

  private final RunFile<Tally> tallyFile;
  private Tally tally;

  /** Of the report that was made last. */
  private Map<String, PolicyTotals> counts = Map.of();

  /** Of the agent before this one. */
  private @Nullable NodeStateStatus last;

  ClusterNode(
      AgentFacts facts,
      SkepKernel kernel,
      PolicyEngine engine,
      Executor policyThread,
      ViolationLog violations,
      Losses losses,
      LastConfig lastConfig,
      RunFile<Tally> tallyFile) {
    this.facts = facts;
    this.kernel = kernel;
    this.engine = engine;
    this.policyThread = policyThread;
    this.violations = violations;
    this.losses = losses;
    this.lastConfig = lastConfig;
    this.tallyFile = tallyFile;
    this.tally = tallyFile.load().orElse(Tally.NONE);
  }

  /** Where it is kept for the next agent, which finds the counters in the kernel. */
  static RunFile<Tally> tally(Path pins) {
    return new RunFile<>(pins, "tally", new TypeReference<>() {});
  }

  @Override
  public void joined(String uid) {
    var now = tally.joined(uid);
    if (!now.equals(tally)) {
      LOG.info("this node joined the cluster as {}", uid);
      last = null;
      tally = now;
      tallyFile.save(now);
    }
  }

  @Override
  public void resume(NodeStateStatus last) {
    this.last = last;
    violations.restore(last.recentViolations());
    policyThread.execute(() -> engine.seed(NodeReport.totals(last)));
  }

  @Override
  public void config(Map<String, String> data) {
    if (config.getAndSet(data) == null) {
      policyThread.execute(this::act);
    }
  }

  private void act() {
    var data = config.getAndSet(null);
    if (data == null) {
      return;
    }
    try {
      var wanted = NodeConfig.decode(data);
      engine.want(wanted.hash(), ConfiguredPolicies.of(wanted));
      lastConfig.save(wanted);
    } catch (MalformedConfigException e) {
      LOG.error("this node's ConfigMap: {}; policies stay as they are", e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("this node's ConfigMap could not be acted on", e);
    }
  }

  @Override
  public Optional<NodeStateStatus> report() {
    var standings = engine.standings();
    try {
      return Optional.of(
          standings.config().isEmpty() && last != null
              ? NodeReport.before(facts, last, kernel.policies().keySet(), kernel.processMap())
              : report(standings));
    } catch (BpfException e) {
      LOG.error("the kernel cannot be asked, the report waits: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private NodeStateStatus report(Standings standings) throws BpfException {
    var totals = new HashMap<String, PolicyTotals>();
    var memory = new HashMap<String, Long>();
    for (var standing : standings.policies()) {
      var uid = standing.policy().uid();
      totals.put(uid, kernel.totals(uid));
      memory.put(uid, kernel.memory(uid));
    }
    counts = Map.copyOf(totals);
    totals.replaceAll(tally::of);
    return NodeReport.of(
        facts,
        standings,
        totals,
        memory,
        violations.newestFirst(),
        losses.byCause(),
        kernel.processMap());
  }

  @Override
  public void reported() {
    var now = tally.told(counts);
    if (!now.equals(tally)) {
      tally = now;
      tallyFile.save(now);
    }
  }
}
