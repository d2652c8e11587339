package dev.skep.policy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.policy.Reading.Kind;
import dev.skep.policy.Reading.Problem;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Collects what is wrong with one document. A field is blamed once: whatever is said later about a
 * field that is broken, or about anything within it, would only repeat the first finding.
 */
final class Problems {
  private static final int REPORTED = 100;

  private final List<Problem> found = new ArrayList<>();
  private final Set<String> invalid = new HashSet<>();
  private final Set<String> broken = new HashSet<>();
  private final Set<String> beyond = new HashSet<>();

  boolean any() {
    return !found.isEmpty();
  }

  /** Whether what is still found would not be reported anyway. */
  boolean tooMany() {
    return found.size() > REPORTED;
  }

  /** What would be right; nothing is sought for a message that nobody will see. */
  String instead(String wrong, Collection<String> right) {
    return tooMany() ? "it is another" : Text.instead(wrong, right);
  }

  /** In the order in which they were found. */
  List<Problem> found() {
    return List.copyOf(found);
  }

  /** A value that is there and readable, but wrong. */
  void invalid(String path, String message) {
    if (!within(path, broken)) {
      found.add(new Problem(path, Kind.INVALID, message));
      invalid.add(path);
    }
  }

  /** A value that cannot even be read: nothing is to be said about what is in it. */
  void broken(String path, String message) {
    invalid(path, message);
    broken.add(path);
  }

  /**
   * A legal value that this version cannot carry out.
   *
   * @param reason what it is, and the remedy where there is one
   */
  void unsupported(String path, String reason) {
    if (!invalid.contains(path) && !within(path, broken) && !within(path, beyond)) {
      found.add(new Problem(path, Kind.UNSUPPORTED, "not supported yet: " + reason));
    }
  }

  /** Whether this, or what it is in, cannot even be read. */
  boolean isBroken(String path) {
    return within(path, broken);
  }

  /** All of {@code path} cannot be carried out: what else in it cannot is not worth a line. */
  void beyond(String path) {
    beyond.add(path);
  }

  private static boolean within(String path, Set<String> roots) {
    if (roots.isEmpty()) {
      return false;
    }
    for (int end = path.length(); end > 0; end = lastStep(path, end)) {
      if (roots.contains(path.substring(0, end))) {
        return true;
      }
    }
    return false;
  }

  private static int lastStep(String path, int end) {
    return Math.max(path.lastIndexOf('.', end - 1), path.lastIndexOf('[', end - 1));
  }

  /** What was found, in the order of the document. */
  List<Problem> in(JsonNode document) {
    var order = new Order();
    found.forEach(problem -> order.expect(problem.path()));
    order.number(document, "");
    var ordered = new ArrayList<>(found);
    ordered.sort(Comparator.comparingInt(problem -> order.of(problem.path())));
    if (!tooMany()) {
      return ordered;
    }
    var next = ordered.get(REPORTED);
    var reported = new ArrayList<>(ordered.subList(0, REPORTED));
    reported.add(new Problem(next.path(), next.kind(), "and more problems from here on"));
    return reported;
  }

  /** Where the paths that matter stand in a document. */
  private static final class Order {
    private final Set<String> expected = new HashSet<>();
    private final Map<String, Integer> positions = new HashMap<>();

    void expect(String path) {
      for (int end = path.length(); end > 0; end = lastStep(path, end)) {
        if (!expected.add(path.substring(0, end))) {
          return;
        }
      }
    }

    void number(JsonNode node, String path) {
      positions.put(path, positions.size());
      if (node.isArray()) {
        for (int i = 0; i < node.size(); i++) {
          numberIfExpected(node.get(i), Path.item(path, i));
        }
      } else {
        node.properties()
            .forEach(e -> numberIfExpected(e.getValue(), Path.child(path, e.getKey())));
      }
    }

    private void numberIfExpected(JsonNode node, String path) {
      if (expected.contains(path)) {
        number(node, path);
      }
    }

    /** Of a field that is not there: the object that misses it. */
    int of(String path) {
      for (int end = path.length(); end > 0; end = lastStep(path, end)) {
        var position = positions.get(path.substring(0, end));
        if (position != null) {
          return position;
        }
      }
      return 0;
    }
  }
}
