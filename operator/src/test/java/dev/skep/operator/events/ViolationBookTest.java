package dev.skep.operator.events;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.crds.v1alpha1.Violation;
import dev.skep.operator.events.ViolationBook.Due;
import dev.skep.operator.observed.NodeReport;
import dev.skep.operator.observed.PolicyReport;
import dev.skep.operator.observed.Sighting;
import dev.skep.operator.observed.Totals;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ViolationBookTest {
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

  private final ViolationBook book = new ViolationBook(4);

  @Test
  void whatHappenedOnceIsToldOnceHoweverOftenTheNodeRepeatsIt() {
    see(NOW, in("shop", 1));
    var due = book.next(NOW).orElseThrow();
    assertThat(due.subject().pod()).isEqualTo("shop");
    assertThat(due.times()).containsExactly(at(1));
    book.settled(due, NOW);

    see(NOW, in("shop", 1));

    assertThat(book.next(NOW.plus(ViolationBook.PAUSE))).isEmpty();
  }

  @Test
  void whatComesInThePauseIsToldTogetherAfterIt() {
    see(NOW, in("shop", 1));
    book.settled(book.next(NOW).orElseThrow(), NOW);
    see(NOW, in("shop", 3), in("shop", 2), in("shop", 1));

    assertThat(book.next(NOW.plus(ViolationBook.PAUSE).minusMillis(1))).isEmpty();
    assertThat(book.next(NOW.plus(ViolationBook.PAUSE)).map(Due::times))
        .hasValue(List.of(at(2), at(3)));
  }

  @Test
  void whatComesWhileItIsWrittenIsKept() {
    see(NOW, in("shop", 1));
    var due = book.next(NOW).orElseThrow();
    see(NOW, in("shop", 2));
    book.settled(due, NOW);

    assertThat(book.next(NOW.plus(ViolationBook.PAUSE)).map(Due::times)).hasValue(List.of(at(2)));
  }

  @Test
  void aWriteThatFailedIsTriedAgainAndLetsOthersGoFirst() {
    see(NOW, in("shop", 1), in("bank", 1));
    var failed = book.next(NOW).orElseThrow();
    book.failed(failed, NOW);

    assertThat(book.next(NOW).orElseThrow().subject()).isNotEqualTo(failed.subject());
    var later = NOW.plus(ViolationBook.PAUSE);
    book.settled(book.next(later).orElseThrow(), later);
    assertThat(book.next(later)).hasValue(failed);
  }

  @Test
  void anEventThatIsThereSaysHowFarItTells() {
    see(NOW, in("shop", 3), in("shop", 2), in("shop", 1));
    var due = book.next(NOW).orElseThrow();

    assertThat(due.after(Instant.MIN)).hasSize(3);
    assertThat(due.after(at(2))).containsExactly(at(3));
    assertThat(due.after(at(3))).isEmpty();
    assertThat(due.example().pid()).isEqualTo(3);
  }

  @Test
  void whatIsOldMayHaveBeenToldAndForgottenAndIsLeft() {
    see(at(1).plus(ViolationBook.TOO_OLD), in("shop", 1));

    assertThat(book.next(NOW.plus(ViolationBook.TOO_OLD))).isEmpty();
  }

  @Test
  void withoutAPodThereIsNothingToTellItOf() {
    see(NOW, in(null, 1));

    assertThat(book.next(NOW)).isEmpty();
  }

  @Test
  void aClockThatWasSetBackStopsNothing() {
    see(NOW, in("shop", 1));
    book.settled(book.next(NOW).orElseThrow(), NOW.plus(Duration.ofHours(1)));
    see(NOW, in("shop", 2));

    assertThat(book.next(NOW)).isPresent();
  }

  @Test
  void aFloodIsBounded() {
    see(
        NOW,
        IntStream.rangeClosed(1, 2 * ViolationBook.KEPT)
            .mapToObj(second -> in("shop", second))
            .toArray(Sighting[]::new));
    assertThat(book.next(NOW).orElseThrow().times())
        .hasSize(ViolationBook.KEPT)
        .endsWith(at(2 * ViolationBook.KEPT));
    assertThat(book.forgotten()).isEqualTo(ViolationBook.KEPT);
  }

  @Test
  void ofTooManySubjectsTheLatestWaitUntilOthersAreTold() {
    var all = new Sighting[6];
    Arrays.setAll(all, i -> in("pod-" + i, 1));
    see(NOW, all);
    var told = new HashSet<String>();

    for (int round = 0; round < 6; round++) {
      book.next(NOW)
          .ifPresent(due -> {
            told.add(due.subject().pod());
            book.settled(due, NOW);
          });
      see(NOW, all);
    }

    assertThat(told).hasSize(6);
  }

  private void see(Instant now, Sighting... sightings) {
    var report = new PolicyReport("6.18", 1, "Loaded", null, null, Totals.NONE, List.of(sightings));
    book.saw(
        new NodeReport("node", "state", "1", null, null, Map.of("policy", report), Set.of()), now);
  }

  private static Sighting in(@Nullable String pod, int second) {
    return Sighting.on(
            "node",
            new Violation(
                at(second).toString(),
                "policy",
                null,
                pod == null ? null : "default",
                pod,
                pod == null ? null : "uid-of-" + pod,
                (long) second,
                "/bin/sh",
                "sys_write",
                "/etc/passwd",
                "Sigkill",
                true))
        .orElseThrow();
  }

  private static Instant at(int second) {
    return NOW.minusSeconds(600).plusSeconds(second);
  }
}
