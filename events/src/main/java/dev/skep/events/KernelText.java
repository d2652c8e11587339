package dev.skep.events;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Text as the kernel has it: bytes of any encoding or none. What is not UTF-8 is shown as U+FFFD,
 * so that no byte of a path can keep an event from being written.
 */
public final class KernelText {
  private KernelText() {}

  public static String of(byte[] bytes, int offset, int length) {
    return new String(bytes, offset, length, UTF_8);
  }

  /** As {@link #of}, up to the first NUL or to {@code limit} bytes. */
  public static String terminated(byte[] bytes, int offset, int limit) {
    return of(bytes, offset, indexOfNul(bytes, offset, offset + limit) - offset);
  }

  /**
   * The arguments of a program in one line: separated by blanks, those that hold a blank in double
   * quotes. Each argument in {@code bytes} ends with NUL, the last one may lack it.
   */
  public static String commandLine(byte[] bytes, int offset, int length) {
    var line = new StringBuilder(length + 8);
    int end = offset + length;
    for (int from = offset; from < end; ) {
      int to = indexOfNul(bytes, from, end);
      var argument = of(bytes, from, to - from);
      if (from > offset) {
        line.append(' ');
      }
      if (argument.indexOf(' ') >= 0) {
        line.append('"').append(argument).append('"');
      } else {
        line.append(argument);
      }
      from = to + 1;
    }
    return line.toString();
  }

  private static int indexOfNul(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && bytes[at] != 0) {
      at++;
    }
    return at;
  }
}
