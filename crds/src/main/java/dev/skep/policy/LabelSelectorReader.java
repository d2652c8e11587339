package dev.skep.policy;

import dev.skep.crds.v1alpha1.LabelSelectorSpec;
import dev.skep.policy.LabelSelector.Operator;
import dev.skep.policy.LabelSelector.Requirement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Kubernetes' label selectors, by its rules. */
final class LabelSelectorReader {
  private final Problems problems;
  private final SelectorWords words;

  LabelSelectorReader(Problems problems, SelectorWords words) {
    this.problems = problems;
    this.words = words;
  }

  LabelSelector read(@Nullable LabelSelectorSpec spec, String path) {
    if (spec == null) {
      return LabelSelector.EVERYTHING;
    }
    var requirements = new ArrayList<Requirement>();
    spec.matchLabels().entrySet().stream()
        .sorted(Map.Entry.comparingByKey(Comparator.naturalOrder()))
        .forEach(label -> {
          var at = Path.child(path + ".matchLabels", label.getKey());
          checkKey(label.getKey(), at);
          checkValue(label.getKey(), label.getValue(), at);
          requirements.add(new Requirement(label.getKey(), Operator.IN, Set.of(label.getValue())));
        });
    for (int i = 0; i < spec.matchExpressions().size(); i++) {
      var requirement =
          read(spec.matchExpressions().get(i), Path.item(path + ".matchExpressions", i));
      if (requirement != null) {
        requirements.add(requirement);
      }
    }
    return new LabelSelector(requirements);
  }

  private @Nullable Requirement read(LabelSelectorSpec.Requirement spec, String path) {
    if (spec.key() == null || spec.operator() == null) {
      return null; // reported as missing
    }
    checkKey(spec.key(), path + ".key");
    for (int i = 0; i < spec.values().size(); i++) {
      checkValue(spec.key(), spec.values().get(i), Path.item(path + ".values", i));
    }
    var operator =
        switch (spec.operator()) {
          case "In" -> Operator.IN;
          case "NotIn" -> Operator.NOT_IN;
          case "Exists" -> Operator.EXISTS;
          case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
          default -> throw new AssertionError("the shape lets no " + spec.operator() + " through");
        };
    boolean compares = operator == Operator.IN || operator == Operator.NOT_IN;
    if (compares && spec.values().isEmpty()) {
      problems.invalid(path + ".values", "is empty, but " + spec.operator() + " needs values");
    } else if (!compares && !spec.values().isEmpty()) {
      problems.invalid(path + ".values", "must be left out, " + spec.operator() + " takes none");
    }
    return compares == spec.values().isEmpty()
        ? null
        : new Requirement(spec.key(), operator, Set.copyOf(spec.values()));
  }

  private void checkKey(String key, String path) {
    var wrong = words.wrongKey(key);
    if (wrong != null) {
      problems.broken(path, wrong);
    }
  }

  private void checkValue(String key, String value, String path) {
    var wrong = words.wrongValue(key, value);
    if (wrong != null) {
      problems.invalid(path, wrong);
    }
  }
}
