package dev.skep.crds.v1alpha1;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Jackson gives null for a list or map that is not there, and for what is null within; the records
 * of this package never hold one.
 */
final class Lists {
  private Lists() {}

  static <T> List<T> copy(@Nullable List<T> list) {
    return list == null ? List.of() : list.stream().filter(Objects::nonNull).toList();
  }

  static <T> Map<String, T> copy(@Nullable Map<String, T> map) {
    if (map == null) {
      return Map.of();
    }
    var copy = new LinkedHashMap<>(map);
    copy.values().removeIf(Objects::isNull);
    return Collections.unmodifiableMap(copy);
  }
}
