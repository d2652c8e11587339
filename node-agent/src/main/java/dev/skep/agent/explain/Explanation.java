package dev.skep.agent.explain;

import dev.skep.agent.plan.Binding;
import dev.skep.agent.plan.PolicyBinder;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.kernel.HookExplanation;
import dev.skep.bpf.kernel.KernelWays;
import dev.skep.policy.Hook;
import dev.skep.policy.LabelSelector;
import dev.skep.policy.Policy;
import dev.skep.policy.Reading;
import java.util.ArrayList;
import java.util.List;

/**
 * How a node would carry a policy out, or all for which it would refuse it.
 *
 * @param outcome how the policy stands there
 * @param lines for people
 */
public record Explanation(Outcome outcome, List<String> lines) {
  /** From best to worst. */
  public enum Outcome {
    CARRIED_OUT,
    REFUSED_HERE,
    INVALID
  }

  public Explanation {
    lines = List.copyOf(lines);
  }

  public static Explanation of(Reading reading, PolicyBinder binder, KernelWays kernel) {
    return switch (reading) {
      case Reading.Refused(var problems) -> {
        boolean legal = problems.stream().allMatch(p -> p.kind() == Reading.Kind.UNSUPPORTED);
        yield new Explanation(
            legal ? Outcome.REFUSED_HERE : Outcome.INVALID,
            refusal(problems, "refused everywhere"));
      }
      case Reading.Accepted(var policy, var warnings) -> {
        var lines = new ArrayList<String>();
        lines.add(title(policy));
        warnings.forEach(warning -> lines.add("  warning: " + warning));
        yield switch (binder.bind(policy)) {
          case Binding.Unbindable(var problems) -> {
            lines.addAll(refusal(problems, "  refused on this node"));
            yield new Explanation(Outcome.REFUSED_HERE, lines);
          }
          case Binding.Bound(var plan) -> explained(policy, plan, kernel, lines);
        };
      }
    };
  }

  private static Explanation explained(
      Policy policy, PolicyPlan plan, KernelWays kernel, List<String> lines) {
    for (var hook : policy.hooks()) {
      var bound = plan.hooks().stream().filter(its -> its.index() == hook.index()).findFirst();
      lines.add("  " + hook.path() + " " + hook.call() + message(hook));
      if (bound.isEmpty()) {
        lines.add(
            "    left out: this kernel has no such function, and ignore.callNotFound is true");
        continue;
      }
      try {
        HookExplanation.of(bound.get(), kernel).forEach(line -> lines.add("    " + line));
      } catch (BpfException e) {
        lines.add("    refused on this node: " + e.getMessage());
        return new Explanation(Outcome.REFUSED_HERE, lines);
      }
    }
    lines.add("  programs: " + programs(plan.hooks()));
    return new Explanation(Outcome.CARRIED_OUT, lines);
  }

  private static String programs(List<HookPlan> hooks) {
    return hooks.size() + ", one for each hook; dispatchers are shared by all policies";
  }

  private static String title(Policy policy) {
    return "policy "
        + (policy.namespace() == null ? "" : policy.namespace() + "/")
        + policy.name()
        + ": "
        + policy.mode().text()
        + ", "
        + where(policy);
  }

  private static String where(Policy policy) {
    var where =
        policy.scope().equals(dev.skep.policy.Scope.EVERYTHING)
            ? "every process of the node"
            : "processes in the cgroups that the agent chooses by pods and containers";
    return policy.nodeSelector().equals(LabelSelector.EVERYTHING)
        ? where
        : where + ", on nodes that spec.nodeSelector selects";
  }

  private static String message(Hook hook) {
    return hook.message() == null ? "" : " (" + hook.message() + ")";
  }

  private static List<String> refusal(List<?> problems, String what) {
    var lines = new ArrayList<String>();
    lines.add(what + ":");
    problems.forEach(problem -> lines.add("    " + problem));
    return lines;
  }
}
