package dev.skep.events.json;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Writes times in RFC 3339, in UTC, with as few of 0, 3, 6 or 9 digits of fraction as hold the
 * value. Events come nearly in the order of time, so the part down to the second is kept from one
 * to the next. One thread.
 */
final class Timestamps {
  private static final DateTimeFormatter TO_THE_SECOND =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss");
  private static final int SECOND_LENGTH = "2026-01-02T03:04:05".length();
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final byte[] text = new byte["2026-01-02T03:04:05.000000000Z".length()];
  private long second = Long.MIN_VALUE;

  /** Makes the text of a time in {@link #text()} and says how long it is. */
  int format(long nanos) {
    long itsSecond = Math.floorDiv(nanos, NANOS_PER_SECOND);
    if (itsSecond != second) {
      var upToSecond = LocalDateTime.ofEpochSecond(itsSecond, 0, ZoneOffset.UTC);
      System.arraycopy(
          TO_THE_SECOND.format(upToSecond).getBytes(US_ASCII), 0, text, 0, SECOND_LENGTH);
      second = itsSecond;
    }
    int fraction = (int) Math.floorMod(nanos, NANOS_PER_SECOND);
    int length = SECOND_LENGTH;
    if (fraction != 0) {
      int digits = fraction % 1_000_000 == 0 ? 3 : fraction % 1_000 == 0 ? 6 : 9;
      text[length] = '.';
      int rest = digits == 3 ? fraction / 1_000_000 : digits == 6 ? fraction / 1_000 : fraction;
      for (int at = length + digits; at > length; at--) {
        text[at] = (byte) ('0' + rest % 10);
        rest /= 10;
      }
      length += 1 + digits;
    }
    text[length] = 'Z';
    return length + 1;
  }

  /** The text last made; the next call changes it. */
  byte[] text() {
    return text;
  }
}
