package dev.skep.events;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Text as the kernel has it: bytes of any encoding or none. What is not UTF-8 is shown as U+FFFD,
 * so that no byte of a path can keep an event from being read.
 */
public final class KernelText {
  private KernelText() {}

  public static String of(byte[] bytes) {
    return of(bytes, 0, bytes.length);
  }

  public static String of(byte[] bytes, int offset, int length) {
    return new String(bytes, offset, length, UTF_8);
  }

  /**
   * The arguments of a program in one line: separated by blanks; those that hold a blank, or
   * nothing at all, in double quotes. The first, the program's name for itself, is left out.
   *
   * @param argv a NUL after each; the last may lack it
   */
  public static String arguments(byte[] argv) {
    int first = indexOfNul(argv, 0) + 1;
    var line = new byte[lengthOf(argv, first)];
    int length = 0;
    for (int from = first; from < argv.length; ) {
      int to = indexOfNul(argv, from);
      boolean quoted = needsQuotes(argv, from, to);
      if (from > first) {
        line[length++] = ' ';
      }
      if (quoted) {
        line[length++] = '"';
      }
      System.arraycopy(argv, from, line, length, to - from);
      length += to - from;
      if (quoted) {
        line[length++] = '"';
      }
      from = to + 1;
    }
    return of(line);
  }

  /**
   * A text of another source than the kernel, without halves of surrogate pairs: JSON could carry
   * these, but not every protobuf client would read them. What an escape in YAML or JSON can make
   * of a policy's words is such a source.
   */
  public static String wellFormed(String text) {
    for (int at = 0; at < text.length(); at++) {
      if (Character.isSurrogate(text.charAt(at))) {
        return new String(text.getBytes(UTF_8), UTF_8);
      }
    }
    return text;
  }

  private static int lengthOf(byte[] argv, int first) {
    int length = 0;
    for (int from = first; from < argv.length; ) {
      int to = indexOfNul(argv, from);
      length += (from > first ? 1 : 0) + to - from + (needsQuotes(argv, from, to) ? 2 : 0);
      from = to + 1;
    }
    return length;
  }

  private static boolean needsQuotes(byte[] argv, int from, int to) {
    for (int at = from; at < to; at++) {
      if (argv[at] == ' ') {
        return true;
      }
    }
    return from == to;
  }

  private static int indexOfNul(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && bytes[at] != 0) {
      at++;
    }
    return at;
  }
}
