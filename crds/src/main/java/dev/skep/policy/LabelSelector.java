package dev.skep.policy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Kubernetes' label selector: all requirements must hold; without any, everything is selected. */
public record LabelSelector(List<Requirement> requirements) {
  public static final LabelSelector EVERYTHING = new LabelSelector(List.of());
  public static final LabelSelector NOTHING =
      new LabelSelector(
          List.of(
              new Requirement("nothing", Operator.EXISTS, Set.of()),
              new Requirement("nothing", Operator.DOES_NOT_EXIST, Set.of())));

  /** A value that no selector can name. */
  private static final String UNNAMED = "\0";

  public LabelSelector {
    requirements = List.copyOf(requirements);
  }

  public boolean selects(Map<String, String> labels) {
    return requirements.stream().allMatch(r -> r.holds(labels));
  }

  public boolean isEverything() {
    return requirements.isEmpty();
  }

  /** What is asked of one label. */
  LabelSelector ofKey(String key) {
    return new LabelSelector(requirements.stream().filter(r -> r.key().equals(key)).toList());
  }

  /**
   * A key of which more is asked than any labels can fulfil.
   *
   * @param alwaysThere keys that all labels have
   */
  Optional<String> contradiction(Set<String> alwaysThere) {
    return requirements.stream()
        .map(Requirement::key)
        .filter(key -> !ofKey(key).isPossible(key, alwaysThere.contains(key)))
        .findFirst();
  }

  /** Tries what could make a difference: each value that is named, another one, and none. */
  private boolean isPossible(String key, boolean alwaysThere) {
    var named = requirements.stream().flatMap(r -> r.values().stream());
    return Stream.concat(named, Stream.of(UNNAMED)).anyMatch(v -> selects(Map.of(key, v)))
        || (!alwaysThere && selects(Map.of()));
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
