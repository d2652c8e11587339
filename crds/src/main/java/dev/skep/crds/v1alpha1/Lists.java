package dev.skep.crds.v1alpha1;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Jackson gives null for a list that is not there; the records of this package never hold one. */
final class Lists {
  private Lists() {}

  static <T> List<T> copy(@Nullable List<T> list) {
    return list == null ? List.of() : List.copyOf(list);
  }
}
