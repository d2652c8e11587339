package dev.skep.cluster;

/**
 * How much of a storm this machine is given: all of it, or a part where processes start thirty
 * times slower (e2e/vm). Set by the system property {@code skep.test.scale}, 1 if there is none.
 */
public final class Scale {
  private static final double SCALE =
      Double.parseDouble(System.getProperty("skep.test.scale", "1"));

  private Scale() {}

  /** That part of a number, at least 1. */
  public static int of(int whole) {
    return Math.max(1, (int) Math.round(whole * SCALE));
  }
}
