package dev.skep.agent.event;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** RFC 3339 in UTC with microseconds, as Kubernetes writes its MicroTime. */
final class ViolationTime {
  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
  private static final long SECOND = 1_000_000_000;

  private ViolationTime() {}

  static String of(long wallNanos) {
    return MICROS.format(
        Instant.ofEpochSecond(Math.floorDiv(wallNanos, SECOND), Math.floorMod(wallNanos, SECOND)));
  }
}
