package dev.skep.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads lists of a policy, each entry with its path. */
final class Entries {
  private Entries() {}

  /**
   * @param read of an entry and its path; null: it is wrong, which was told, and is left out
   */
  static <S, T> List<T> each(
      List<S> specs, String path, BiFunction<S, String, ? extends @Nullable T> read) {
    var all = new ArrayList<T>();
    for (int i = 0; i < specs.size(); i++) {
      var one = read.apply(specs.get(i), Path.item(path, i));
      if (one != null) {
        all.add(one);
      }
    }
    return all;
  }

  /**
   * All values, or null: some are wrong, and told.
   *
   * @param parse empty: the value is wrong
   * @param right of a wrong value: what would be right
   */
  static <T> @Nullable List<T> parse(
      Problems problems,
      List<String> values,
      String path,
      Function<String, Optional<T>> parse,
      Function<String, String> right) {
    var read = new ArrayList<T>();
    for (int i = 0; i < values.size(); i++) {
      var text = values.get(i);
      var value = parse.apply(text);
      if (value.isEmpty()) {
        problems.invalid(Path.item(path, i), "is " + Text.quote(text) + ", " + right.apply(text));
      }
      value.ifPresent(read::add);
    }
    return read.size() == values.size() ? read : null;
  }
}
