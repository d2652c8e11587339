package dev.skep.policy.ast;

import java.util.List;
import java.util.Set;

/** Values of a filter: without any it would say nothing. */
final class Nonempty {
  private Nonempty() {}

  static <T> Set<T> copy(Set<T> values) {
    check(values.isEmpty());
    return Set.copyOf(values);
  }

  static <T> List<T> copy(List<T> values) {
    check(values.isEmpty());
    return List.copyOf(values);
  }

  private static void check(boolean empty) {
    if (empty) {
      throw new IllegalArgumentException("a filter without values");
    }
  }
}
