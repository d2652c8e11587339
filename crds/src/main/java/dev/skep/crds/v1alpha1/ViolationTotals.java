package dev.skep.crds.v1alpha1;

/**
 * @param total enforced + monitored
 * @param enforced actions taken
 * @param monitored actions that monitor mode held back
 */
public record ViolationTotals(long total, long enforced, long monitored) {
  public static final ViolationTotals NONE = new ViolationTotals(0, 0, 0);

  public ViolationTotals plus(ViolationTotals other) {
    return new ViolationTotals(
        total + other.total, enforced + other.enforced, monitored + other.monitored);
  }
}
