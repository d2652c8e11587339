package dev.skep.policy;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** How messages quote what a user wrote and name what he may have meant. */
final class Text {
  private static final int QUOTED = 64;
  private static final int LISTED = 12;

  private Text() {}

  /**
   * In quotes, cut to a readable length; characters that could move a terminal's cursor, or its
   * owner, are shown as escapes.
   */
  static String quote(String text) {
    return "\"" + plain(text) + "\"";
  }

  static String plain(String text) {
    var plain = new StringBuilder();
    text.codePoints().limit(QUOTED).forEach(c -> appendVisible(plain, c));
    if (text.codePointCount(0, text.length()) > QUOTED) {
      plain.append("...");
    }
    return plain.toString();
  }

  private static void appendVisible(StringBuilder to, int character) {
    switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          to.append(String.format(Locale.ROOT, "\\u%04x", character));
      default -> to.appendCodePoint(character);
    }
  }

  /** Such as {@code did you mean "Equal"?}, or else all that would be right. */
  static String instead(String wrong, Collection<String> right) {
    return nearest(wrong, right)
        .map(near -> "did you mean " + quote(near) + "?")
        .orElseGet(() -> oneOf(right));
  }

  private static String oneOf(Collection<String> right) {
    var words = right.stream().filter(w -> !w.isEmpty()).toList();
    var listed = words.stream().limit(LISTED).collect(Collectors.joining(", "));
    return words.size() > LISTED
        ? "it is one of " + listed + " and " + (words.size() - LISTED) + " more"
        : "it is " + (words.size() > 1 ? "one of " : "") + listed;
  }

  /** The word that is a few slips of the keyboard away, or else the shortest that has it within. */
  static Optional<String> nearest(String wrong, Collection<String> right) {
    if (wrong.length() > QUOTED) {
      return Optional.empty();
    }
    var folded = wrong.toLowerCase(Locale.ROOT);
    int tolerated = Math.max(1, wrong.length() / 3);
    int best = tolerated + 1;
    String nearest = null;
    for (var word : right) {
      int distance = distance(folded, word.toLowerCase(Locale.ROOT));
      if (distance < best) {
        best = distance;
        nearest = word;
      }
    }
    return Optional.ofNullable(nearest).or(() -> around(folded, right));
  }

  private static Optional<String> around(String part, Collection<String> right) {
    return part.length() < 3
        ? Optional.empty()
        : right.stream()
            .filter(word -> word.toLowerCase(Locale.ROOT).contains(part))
            .min(Comparator.comparingInt(String::length));
  }

  /** Insertions, deletions, replacements and swaps of neighbours that make one text the other. */
  private static int distance(String from, String to) {
    int[] beforeLast = new int[to.length() + 1];
    int[] last = new int[to.length() + 1];
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      last[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int change = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
        row[j] = Math.min(Math.min(row[j - 1], last[j]) + 1, last[j - 1] + change);
        if (i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1)) {
          row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
        }
      }
      int[] spare = beforeLast;
      beforeLast = last;
      last = row;
      row = spare;
    }
    return last[to.length()];
  }

  /** Such as {@code 3 selectors} or {@code 1 selector}. */
  static String count(long number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }

  static String list(List<String> words) {
    return String.join(", ", words);
  }
}
