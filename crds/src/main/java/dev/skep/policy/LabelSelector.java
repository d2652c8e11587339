package dev.skep.policy;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** Kubernetes' label selector: all requirements must hold; without any, everything is selected. */
public record LabelSelector(List<Requirement> requirements) {
  public static final LabelSelector EVERYTHING = new LabelSelector(List.of());

  public LabelSelector {
    requirements = List.copyOf(requirements);
  }

  public boolean selects(Map<String, String> labels) {
    return requirements.stream().allMatch(r -> r.holds(labels));
  }

  /**
   * @param values empty for EXISTS and DOES_NOT_EXIST
   */
  public record Requirement(String key, Operator operator, Set<String> values) {
    public Requirement {
      values = Set.copyOf(values);
      if (values.isEmpty()
          != (operator == Operator.EXISTS || operator == Operator.DOES_NOT_EXIST)) {
        throw new IllegalArgumentException(operator + " of " + key + " with values " + values);
      }
    }

    boolean holds(Map<String, String> labels) {
      var value = labels.get(key);
      return switch (operator) {
        case IN -> value != null && values.contains(value);
        case NOT_IN -> value == null || !values.contains(value);
        case EXISTS -> value != null;
        case DOES_NOT_EXIST -> value == null;
      };
    }
  }

  public enum Operator {
    IN,
    NOT_IN,
    EXISTS,
    DOES_NOT_EXIST
  }
}
