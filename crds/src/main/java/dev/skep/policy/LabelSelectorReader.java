package dev.skep.policy;

import dev.skep.crds.v1alpha1.LabelSelectorSpec;
import dev.skep.policy.LabelSelector.Operator;
import dev.skep.policy.LabelSelector.Requirement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Kubernetes' label selectors, by its rules. */
final class LabelSelectorReader {
  private static final Pattern VALUE =
      Pattern.compile("([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?");
  private static final Pattern KEY =
      Pattern.compile(
          "([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");

  private final Problems problems;

  LabelSelectorReader(Problems problems) {
    this.problems = problems;
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
          checkValue(label.getValue(), at);
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
      checkValue(spec.values().get(i), Path.item(path + ".values", i));
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
    if (!KEY.matcher(key).matches()) {
      problems.invalid(
          path,
          "is "
              + Text.quote(key)
              + ", must be the key of a label, such as app or example.org/tier");
    }
  }

  private void checkValue(String value, String path) {
    if (!VALUE.matcher(value).matches()) {
      problems.invalid(
          path,
          "is "
              + Text.quote(value)
              + ", must be the value of a label: letters, digits, \"-\", \"_\" and \".\", with a letter or digit at both ends");
    }
  }
}
