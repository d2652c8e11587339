package dev.skep.bpf;

/**
 * An IPv6 address, or an IPv4 one as IPv6 maps it: ::ffff:a.b.c.d.
 *
 * @param high its first half, as a number whose first byte is the highest
 */
public record IpAddress(long high, long low) {
  private static final int GROUPS = 8;
  private static final long MAPPED = 0xffff;

  public static IpAddress ofIpv4(long address) {
    return new IpAddress(0, MAPPED << Integer.SIZE | address);
  }

  public boolean isIpv4() {
    return high == 0 && low >>> Integer.SIZE == MAPPED;
  }

  /** As RFC 5952 writes it: 10.0.0.1, fd00::1. */
  @Override
  public String toString() {
    if (isIpv4()) {
      return "%d.%d.%d.%d"
          .formatted(low >>> 24 & 0xff, low >>> 16 & 0xff, low >>> 8 & 0xff, low & 0xff);
    }
    int gap = -1;
    int gapGroups = 1; // a single 0 is written
    for (int i = 0; i < GROUPS; i++) {
      int end = i;
      while (end < GROUPS && group(end) == 0) {
        end++;
      }
      if (end - i > gapGroups) {
        gap = i;
        gapGroups = end - i;
      }
      i = Math.max(i, end - 1);
    }
    var text = new StringBuilder();
    for (int i = 0; i < GROUPS; i++) {
      if (i == gap) {
        text.append("::");
        i += gapGroups - 1;
      } else {
        if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
          text.append(':');
        }
        text.append(Integer.toHexString(group(i)));
      }
    }
    return text.toString();
  }

  private int group(int i) {
    long half = i < GROUPS / 2 ? high : low;
    int behind = GROUPS / 2 - 1 - i % (GROUPS / 2);
    return (int) (half >>> (behind * Short.SIZE)) & 0xffff;
  }
}
