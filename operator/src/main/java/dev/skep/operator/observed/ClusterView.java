package dev.skep.operator.observed;

import dev.skep.operator.plan.NodeFacts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the nodes report, kept by policy and in step one report at a time, and the totals of what
 * they report no more. The sum of a policy's counters never falls. Any thread.
 *
 * <p>Counters leave a report in three ways. The node is gone, or its agent has acted on a new
 * ConfigMap that lacks the policy: they become a {@link Loss} at once, for the ledger. Or the
 * report, or the whole state object, was taken away while the node lives (an agent that starts, a
 * hand that deletes): they are <em>withheld</em>, counted as if they were still there, until the
 * node reports the policy again. A counter that then is lower has started from zero, and what it
 * was before is a loss.
 */
public final class ClusterView {
  private final Map<String, NodeFacts> nodes = new HashMap<>();
  private final Map<String, NodeReport> reports = new HashMap<>();
  private final Map<String, Map<String, PolicyReport>> byPolicy = new HashMap<>();
  private final Map<String, Withheld> withheld = new HashMap<>();
  private final Map<String, Loss> losses = new HashMap<>();
  private final Set<String> compared = new HashSet<>();
  private Ledger ledger = Ledger.EMPTY;

  /** Of a node that lives; {@code source} is the report that last held the counters. */
  private record Withheld(NodeReport source, Map<String, Totals> totals) {}

  /** Whether anything changed that policies select nodes by. */
  public synchronized boolean nodeSeen(NodeFacts node) {
    return !node.equals(nodes.put(node.name(), node));
  }

  /** The node is gone; its report may be there still, or not. Uids of the policies it touched. */
  public synchronized Set<String> nodeGone(String name) {
    nodes.remove(name);
    var kept = withheld.remove(name);
    if (kept == null) {
      return Set.of();
    }
    kept.totals().forEach((policy, totals) -> lose(kept.source(), policy, totals));
    return Set.copyOf(kept.totals().keySet());
  }

  /** A node reports. Uids of the policies for which that says something new. */
  public synchronized Set<String> reported(NodeReport report) {
    var touched = new HashSet<String>();
    var old = reports.get(report.node());
    var source = old != null ? old : sourceOf(report.node());
    if (source != null && isAnotherNode(source, report)) {
      touched.addAll(forget(report.node(), false));
      old = null;
    }
    var before = new HashMap<String, Totals>();
    var kept = withheld.remove(report.node());
    if (kept != null) {
      before.putAll(kept.totals());
    }
    if (old != null) {
      old.policies().forEach((policy, was) -> before.put(policy, was.totals()));
    }
    var origin = old != null ? old : kept != null ? kept.source() : report;

    var now = new HashMap<String, PolicyReport>();
    for (var entry : report.policies().entrySet()) {
      var policy = entry.getKey();
      var said = entry.getValue();
      var was = before.remove(policy);
      if (was != null && report.silent().contains(policy)) {
        said = said.with(was);
      } else if (was != null) {
        lose(origin, policy, was.lostTo(said.totals()));
      }
      now.put(policy, said);
    }

    boolean leftByPlan =
        report.observedConfig() != null && !report.observedConfig().equals(origin.observedConfig());
    if (leftByPlan) {
      before.forEach((policy, was) -> lose(origin, policy, was));
    } else if (!before.isEmpty()) {
      withheld.put(report.node(), new Withheld(origin, before));
    }
    touched.addAll(index(report.node(), now));
    var read =
        new NodeReport(
            report.node(),
            report.uid(),
            report.version(),
            report.nodeUid(),
            report.observedConfig(),
            now,
            report.silent());
    reports.put(report.node(), read);
    return touched;
  }

  /** The state object of a node is gone. Uids of the policies it touched. */
  public synchronized Set<String> reportGone(String node) {
    var report = reports.get(node);
    if (report == null) {
      return Set.of();
    }
    var facts = nodes.get(node);
    boolean nodeLives =
        facts != null && (report.nodeUid() == null || facts.uid().equals(report.nodeUid()));
    return forget(node, nodeLives);
  }

  private Set<String> forget(String node, boolean nodeLives) {
    var report = reports.remove(node);
    var kept = withheld.remove(node);
    var totals = new HashMap<String, Totals>();
    if (kept != null) {
      totals.putAll(kept.totals());
    }
    if (report != null) {
      report.policies().forEach((policy, was) -> totals.put(policy, was.totals()));
    }
    var source = report != null ? report : kept != null ? kept.source() : null;
    if (source != null) {
      if (nodeLives) {
        withheld.put(node, new Withheld(source, totals));
      } else {
        totals.forEach((policy, was) -> lose(source, policy, was));
      }
    }
    return index(node, Map.of());
  }

  private @Nullable NodeReport sourceOf(String node) {
    var kept = withheld.get(node);
    return kept == null ? null : kept.source();
  }

  private static boolean isAnotherNode(NodeReport a, NodeReport b) {
    return a.nodeUid() != null && b.nodeUid() != null && !a.nodeUid().equals(b.nodeUid());
  }

  private void lose(NodeReport source, String policy, Totals totals) {
    if (!totals.nothing()) {
      var key = source.uid() + "/" + source.version() + "/" + policy;
      losses.put(key, new Loss(key, policy, totals));
    }
  }

  private Set<String> index(String node, Map<String, PolicyReport> now) {
    var touched = new HashSet<String>();
    var all = new HashSet<>(now.keySet());
    byPolicy.forEach((policy, byNode) -> {
      if (byNode.containsKey(node)) {
        all.add(policy);
      }
    });
    for (var policy : all) {
      var said = now.get(policy);
      var byNode = byPolicy.computeIfAbsent(policy, _ -> new HashMap<>());
      var was = said == null ? byNode.remove(node) : byNode.put(node, said);
      if (byNode.isEmpty()) {
        byPolicy.remove(policy);
      }
      if (!Objects.equals(was, said)) {
        touched.add(policy);
      }
    }
    return touched;
  }

  /** Of a policy, by uid. */
  public synchronized PolicyView of(String policy) {
    var reported = byPolicy.getOrDefault(policy, Map.of());
    return new PolicyView(List.copyOf(nodes.values()), reported, totals(policy));
  }

  private Totals totals(String policy) {
    var parts = new ArrayList<Totals>();
    byPolicy.getOrDefault(policy, Map.of()).values().forEach(report -> parts.add(report.totals()));
    for (var kept : withheld.values()) {
      var totals = kept.totals().get(policy);
      if (totals != null) {
        parts.add(totals);
      }
    }
    losses.values().stream()
        .filter(loss -> loss.policy().equals(policy))
        .forEach(loss -> parts.add(loss.totals()));
    parts.add(ledger.of(policy));
    return Totals.sum(parts);
  }

  /**
   * Tells what the status said before this process looked for the first time: what is missing now
   * went away while nobody looked. Later calls for the same policy do nothing.
   *
   * @param version of the policy object that carries the status
   */
  public synchronized void compareOnce(String policy, String version, Totals said) {
    if (compared.add(policy)) {
      var missing = said.missingIn(totals(policy));
      if (!missing.nothing()) {
        var key = "unseen/" + version + "/" + policy;
        losses.put(key, new Loss(key, policy, missing));
      }
    }
  }

  /** What the ledger is to take; each holds something. */
  public synchronized List<Loss> losses() {
    return List.copyOf(losses.values());
  }

  public synchronized Ledger ledger() {
    return ledger;
  }

  /** The ledger is stored and holds {@code taken}; one step, so that no sum counts them twice. */
  public synchronized void settled(Ledger stored, Collection<Loss> taken) {
    ledger = stored;
    taken.forEach(loss -> losses.remove(loss.key(), loss));
  }
}
