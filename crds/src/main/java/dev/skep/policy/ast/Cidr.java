package dev.skep.policy.ast;

/**
 * A network of IPv4 or IPv6. Bits beyond the prefix are 0.
 *
 * @param high first half of an IPv6 address; 0 of an IPv4 one
 * @param low second half, or the IPv4 address
 * @param prefix at most 32 or 128
 */
public record Cidr(boolean ipv6, long high, long low, int prefix) {
  private static final int IPV4_BITS = 32;
  private static final int HALF = 64;

  public Cidr {
    if (prefix < 0 || prefix > bits(ipv6)) {
      throw new IllegalArgumentException("/" + prefix);
    }
    if (ipv6) {
      high &= mask(Math.min(prefix, HALF));
      low &= mask(Math.max(0, prefix - HALF));
    } else {
      high = 0;
      low &= mask(HALF - IPV4_BITS + prefix) & 0xffff_ffffL;
    }
  }

  /** Of a whole address. */
  public static int bits(boolean ipv6) {
    return ipv6 ? 2 * HALF : IPV4_BITS;
  }

  /** The first {@code bits} of 64. */
  private static long mask(int bits) {
    return bits == 0 ? 0 : -1L << (HALF - bits);
  }
}
