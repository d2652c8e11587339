package dev.skep.operator.status;

/** Texts of bounded length. */
final class Texts {
  private Texts() {}

  /** At most {@code length} characters; a cut shows as an ellipsis. */
  static String head(String text, int length) {
    if (text.length() <= length) {
      return text;
    }
    int end = length - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }
}
