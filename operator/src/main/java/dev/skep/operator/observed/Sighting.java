package dev.skep.operator.observed;

import dev.skep.crds.v1alpha1.Violation;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A violation as the policy's status shows it: with its node, without the policy.
 *
 * @param at its time
 */
public record Sighting(Instant at, Violation violation) {
  private static final int MAX_TEXT = 256;

  /** Total: equal sightings apart, none is left to chance. */
  public static final Comparator<Sighting> NEWEST_FIRST =
      Comparator.comparing(Sighting::at).reversed().thenComparing(s -> s.violation().toString());

  /** Empty if the node gave no time that can be read. */
  public static Optional<Sighting> on(@Nullable String node, Violation violation) {
    if (violation.time() == null) {
      return Optional.empty();
    }
    try {
      var at = Instant.parse(violation.time());
      return Optional.of(
          new Sighting(
              at,
              new Violation(
                  at.toString(),
                  null,
                  node,
                  tail(violation.namespace()),
                  tail(violation.pod()),
                  tail(violation.podUID()),
                  violation.pid(),
                  tail(violation.binary()),
                  tail(violation.hook()),
                  tail(violation.path()),
                  tail(violation.action()),
                  violation.enforced())));
    } catch (DateTimeParseException _) {
      return Optional.empty();
    }
  }

  /** A node may say anything. The end of a path says more than its beginning. */
  private static @Nullable String tail(@Nullable String text) {
    return text == null || text.length() <= MAX_TEXT
        ? text
        : "…" + text.substring(text.length() - MAX_TEXT + 1);
  }
}
