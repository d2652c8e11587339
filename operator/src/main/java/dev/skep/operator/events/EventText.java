package dev.skep.operator.events;

import dev.skep.crds.v1alpha1.Violation;
import dev.skep.operator.resources.PolicyResource;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.api.model.events.v1.EventSeries;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;

/** What an Event says. Only its series can be changed later. Pure. */
final class EventText {
  private static final int NOTE_BYTES = 1024;
  private static final int ACTION_BYTES = 128;
  private static final int NAME_BYTES = 16;

  /** The API server takes no other number of digits. */
  private static final DateTimeFormatter MICROSECONDS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private EventText() {}

  static Event first(ViolationBook.Due due, PolicyResource policy, String instance) {
    var subject = due.subject();
    var metadata = policy.getMetadata();
    int count = due.times().size();
    return new EventBuilder()
        .withNewMetadata()
        .withNamespace(subject.namespace())
        .withName(name(subject))
        .endMetadata()
        .withEventTime(new MicroTime(time(due.times().getFirst())))
        .withSeries(count < 2 ? null : new EventSeries(count, new MicroTime(time(due.newest()))))
        .withType("Warning")
        .withReason(subject.enforced() ? "PolicyEnforced" : "PolicyViolated")
        .withAction(cut(subject.action(), ACTION_BYTES))
        .withNote(note(due, policy))
        .withReportingController("skep.dev/operator")
        .withReportingInstance(cut(instance, ACTION_BYTES))
        .withNewRegarding()
        .withApiVersion("v1")
        .withKind("Pod")
        .withNamespace(subject.namespace())
        .withName(subject.pod())
        .withUid(subject.podUID())
        .endRegarding()
        .withNewRelated()
        .withApiVersion(policy.getApiVersion())
        .withKind(policy.getKind())
        .withNamespace(metadata.getNamespace())
        .withName(metadata.getName())
        .withUid(metadata.getUid())
        .endRelated()
        .build();
  }

  private static String note(ViolationBook.Due due, PolicyResource policy) {
    var subject = due.subject();
    var what = subject.hook() + file(due.example());
    var text =
        "%s %s: %s by %s (pid %s), %s"
            .formatted(
                policy.getKind(),
                policy.getMetadata().getName(),
                what,
                due.example().binary(),
                due.example().pid(),
                subject.enforced()
                    ? "answered with " + subject.action()
                    : subject.action() + " held back by mode monitor");
    return cut(text, NOTE_BYTES);
  }

  private static String file(Violation example) {
    return example.path() == null ? "" : " of " + example.path();
  }

  /** Follows from the subject, so that there is one Event of it. */
  static String name(Subject subject) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      var hash = digest.digest(subject.toString().getBytes(StandardCharsets.UTF_8));
      return "skep-" + HexFormat.of().formatHex(hash, 0, NAME_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  static String time(Instant at) {
    return MICROSECONDS.format(at);
  }

  /** Printable, and so short. What a node says may be anything. */
  private static String cut(String text, int bytes) {
    var cut = new StringBuilder();
    int room = bytes;
    for (var it = text.codePoints().iterator(); it.hasNext(); ) {
      int character = it.nextInt();
      var piece =
          Character.isISOControl(character) || Character.getType(character) == Character.SURROGATE
              ? "?"
              : Character.toString(character);
      room -= piece.getBytes(StandardCharsets.UTF_8).length;
      if (room < 0) {
        return cut.toString();
      }
      cut.append(piece);
    }
    return cut.toString();
  }
}
