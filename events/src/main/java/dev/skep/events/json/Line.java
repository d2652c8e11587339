package dev.skep.events.json;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.OutputStream;
import java.util.Arrays;

/** One encoded line, in memory that is used again for the next. */
final class Line extends OutputStream {
  /** Most lines are shorter; what a longer one took is given back with the next. */
  private static final int USUAL = 8 * 1024;

  private byte[] bytes = new byte[USUAL];
  private int length;

  void clear() {
    length = 0;
    if (bytes.length > USUAL) {
      bytes = new byte[USUAL];
    }
  }

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  @Override
  public void write(int value) {
    makeRoom(1);
    bytes[length++] = (byte) value;
  }

  @Override
  public void write(byte[] source, int offset, int count) {
    makeRoom(count);
    System.arraycopy(source, offset, bytes, length, count);
    length += count;
  }

  @Override
  public void write(byte[] source) {
    write(source, 0, source.length);
  }

  /** Writes the digits of an unsigned number. */
  void unsigned(int number) {
    long rest = Integer.toUnsignedLong(number);
    int digits = 1;
    for (long above = rest / 10; above != 0; above /= 10) {
      digits++;
    }
    makeRoom(digits);
    length += digits;
    for (int at = length - 1; at >= length - digits; at--) {
      bytes[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }

  /** Writes a text in quotes, or nothing and says so if it is not plain enough for that. */
  boolean plain(String text) {
    int size = text.length();
    makeRoom(size + 2);
    int at = length;
    bytes[at++] = '"';
    for (int i = 0; i < size; i++) {
      char one = text.charAt(i);
      if (one < ' ' || one > '~' || one == '"' || one == '\\') {
        return false;
      }
      bytes[at++] = (byte) one;
    }
    bytes[at++] = '"';
    length = at;
    return true;
  }

  static byte[] utf8(String text) {
    return text.getBytes(UTF_8);
  }

  /** What stands before the value of a field that is not its object's first. */
  static byte[] field(String name) {
    return utf8(",\"" + name + "\":");
  }

  private void makeRoom(int count) {
    if (count > bytes.length - length) {
      bytes = Arrays.copyOf(bytes, Math.max(length + count, 2 * bytes.length));
    }
  }
}
