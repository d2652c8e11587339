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
   * The arguments of a program in one line: separated by blanks, those that hold a blank in double
   * quotes. The first, the program's name for itself, is left out.
   *
   * @param argv a NUL after each; the last may lack it
   */
  public static String arguments(byte[] argv) {
    int first = indexOfNul(argv, 0) + 1;
    var line = new StringBuilder(argv.length);
    for (int from = first; from < argv.length; ) {
      int to = indexOfNul(argv, from);
      var argument = of(argv, from, to - from);
      var quote = argument.indexOf(' ') >= 0 ? "\"" : "";
      line.append(from == first ? "" : " ").append(quote).append(argument).append(quote);
      from = to + 1;
    }
    return line.toString();
  }

  private static int indexOfNul(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && bytes[at] != 0) {
      at++;
    }
    return at;
  }
}
