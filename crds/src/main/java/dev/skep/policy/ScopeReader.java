package dev.skep.policy;

import dev.skep.crds.v1alpha1.LabelSelectorSpec;
import dev.skep.crds.v1alpha1.TracingPolicySpec;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which processes a policy is about, from its selectors and its namespace. */
final class ScopeReader {
  private static final String PODS = "spec.podSelector";
  private static final String CONTAINERS = "spec.containerSelector";
  private static final String HOST = "spec.hostSelector";

  private final Problems problems;

  ScopeReader(Problems problems) {
    this.problems = problems;
  }

  /** As far as it can be read; what is wrong is among the problems. */
  Scope read(@Nullable String namespace, TracingPolicySpec spec) {
    var pods =
        new LabelSelectorReader(problems, SelectorWords.POD_LABELS).read(spec.podSelector(), PODS);
    var containerSelector = spec.containerSelector();
    var containers =
        new LabelSelectorReader(problems, SelectorWords.CONTAINER_FIELDS)
            .read(containerSelector == null ? null : containerSelector.asLabels(), CONTAINERS);
    checkHost(spec.hostSelector(), namespace);
    checkPodsCanBeChosen(pods, namespace);
    checkCanBeChosen(containers, Set.of(Scope.NAME, Scope.REPO), CONTAINERS, "container");
    boolean choosesPods = spec.podSelector() != null || containerSelector != null;
    if (namespace != null) {
      return new Scope(namespace, pods, containers, false);
    }
    if (spec.hostSelector() == null) {
      return new Scope(null, pods, containers, !choosesPods);
    }
    return new Scope(null, choosesPods ? pods : LabelSelector.NOTHING, containers, true);
  }

  private void checkHost(@Nullable LabelSelectorSpec host, @Nullable String namespace) {
    if (host == null) {
      return;
    }
    if (namespace != null) {
      problems.invalid(
          HOST,
          "belongs to a TracingPolicy: this policy covers only pods of its namespace; leave it out");
    } else if (!host.matchLabels().isEmpty() || !host.matchExpressions().isEmpty()) {
      problems.invalid(HOST, "has labels, must be {}: processes outside of pods have none");
    }
  }

  private void checkPodsCanBeChosen(LabelSelector pods, @Nullable String namespace) {
    var ofNamespace = pods.ofKey(Scope.NAMESPACE);
    if (namespace != null && namespace.isEmpty()) {
      return; // reported already
    }
    if (namespace != null && !ofNamespace.selects(Map.of(Scope.NAMESPACE, namespace))) {
      problems.invalid(
          PODS,
          "never chooses a pod: the policy is for the namespace "
              + namespace
              + ", which "
              + Scope.NAMESPACE
              + " leaves out; delete that requirement, or make the policy a TracingPolicy");
    } else {
      checkCanBeChosen(pods, Set.of(Scope.NAMESPACE), PODS, "pod");
    }
  }

  private void checkCanBeChosen(
      LabelSelector selector, Set<String> alwaysThere, String path, String what) {
    selector
        .contradiction(alwaysThere)
        .ifPresent(key ->
            problems.invalid(
                path,
                "never chooses a "
                    + what
                    + ": what it asks of "
                    + Text.quote(key)
                    + " contradicts itself"));
  }
}
