package dev.skep.e2e;

import static dev.skep.e2e.Statuses.ready;
import static dev.skep.e2e.Statuses.violations;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.NeedsControlPlane;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever part is gone for a while: what was forbidden stays forbidden, and nothing is miscounted.
 */
@NeedsControlPlane
@NeedsKernel
@ExtendWith(LogsOfFailure.class)
class RestartIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  /** A killed leader's lease of 45 s has to run out before another leads. */
  private static final Duration AFTER_THE_LEASE = Duration.ofSeconds(90);

  /** An informer that lost its server waits ever longer before it tries again. */
  private static final Duration AFTER_AN_OUTAGE = Duration.ofSeconds(90);

  static RunningSkep skep;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    skep = RunningSkep.start("restart-node");
    await().atMost(Duration.ofSeconds(60)).until(() -> skep.nodeState().isPresent());
  }

  @AfterAll
  static void stop() {
    skep.close();
  }

  @Test
  void aKilledAgentLeavesItsPoliciesActingAndItsSuccessorGoesOnCounting() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "keep");
    skep.apply(Policies.protect("agent-dies", ledger));
    skep.until("agent-dies", SOON, Statuses::ready);
    assertThat(attack(ledger)).isTrue();
    skep.until("agent-dies", SOON, s -> violations(s) == 1);

    skep.killAgent();
    assertThat(attack(ledger)).isTrue();
    skep.startAgent();

    skep.until("agent-dies", SOON, s -> ready(s) && violations(s) == 2);
    assertThat(attack(ledger)).isTrue();
    skep.until("agent-dies", SOON, s -> violations(s) == 3);
    assertThat(ledger).hasContent("keep");
    skep.delete("agent-dies");
  }

  @Test
  void noWriteGetsThroughWhileAgentsComeAndGo() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "keep");
    skep.apply(Policies.protect("never-through", ledger));
    skep.until("never-through", SOON, Statuses::ready);

    // Each child of this loop is killed, or the file has grown.
    var attacker =
        new ProcessBuilder(
                "bash",
                "-c",
                "while [ ! -e " + folder + "/stop ]; do (echo lost >> " + ledger + "); done")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      for (int round = 0; round < 3; round++) {
        skep.killAgent();
        skep.startAgent();
        var reported = violations(skep.status("never-through").orElseThrow());
        skep.until("never-through", SOON, s -> violations(s) > reported);
      }
    } finally {
      Files.writeString(folder.resolve("stop"), "");
      await().atMost(30, TimeUnit.SECONDS).until(() -> !attacker.isAlive());
    }

    assertThat(ledger).hasContent("keep");
    skep.delete("never-through");
  }

  @Test
  void aKilledOperatorIsNotMissedAndItsSuccessorCatchesUp() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "keep");
    skep.apply(Policies.protect("operator-dies", ledger));
    skep.until("operator-dies", SOON, Statuses::ready);

    skep.killOperator();
    assertThat(attack(ledger)).isTrue();
    skep.apply(Policies.watch("while-away", folder));
    skep.startOperator();

    skep.until("operator-dies", AFTER_THE_LEASE, s -> violations(s) == 1);
    skep.until("while-away", SOON, Statuses::ready);
    skep.delete("operator-dies");
    skep.delete("while-away");
  }

  @Test
  void anApiServerThatIsAwayForHalfAMinuteStopsNothing() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "keep");
    skep.apply(Policies.protect("server-away", ledger));
    skep.until("server-away", SOON, Statuses::ready);

    skep.cluster.stopApiServer();
    var back = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    var attacks = 0;
    while (System.nanoTime() < back) {
      assertThat(attack(ledger)).isTrue();
      attacks++;
      TimeUnit.SECONDS.sleep(3); // the outage itself, not a wait for something
    }
    skep.cluster.startApiServer();

    long expected = attacks;
    skep.until("server-away", AFTER_AN_OUTAGE, s -> violations(s) == expected);
    skep.apply(Policies.watch("after-outage", folder));
    skep.until("after-outage", AFTER_AN_OUTAGE, Statuses::ready);
    assertThat(ledger).hasContent("keep");
    skep.delete("server-away");
    skep.delete("after-outage");
  }

  private static boolean attack(Path file) {
    return Shell.bash("echo lost >> " + file + "; true").killed();
  }
}
