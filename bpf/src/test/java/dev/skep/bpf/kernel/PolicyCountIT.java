package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.HookPlan;
import dev.skep.bpf.PolicyTotals;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.Scale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many policies a node can have; how long it takes is told, and measured by e2e/bench. */
@NeedsKernel
@NeedsPolicies
class PolicyCountIT {
  private static final Logger LOG = LoggerFactory.getLogger(PolicyCountIT.class);
  private static final int KILLED = 128 + Plans.SIGKILL;
  private static final int FIRST_CALL = 20; // each policy on one of these, so that no chain is long
  private static final int CALLS = 250;
  private static final long MOST_MEMORY = 200_000;

  @RegisterExtension final KernelFixture fixture = new KernelFixture();

  @Test
  void oneMoreAndAnEditedOneActBesideThousandOthers(@TempDir Path dir) throws Exception {
    int others = Scale.of(1000);
    var ledger = Files.writeString(dir.resolve("ledger.txt"), "keep");
    var second = Files.writeString(dir.resolve("second.txt"), "keep");
    try (var kernel = fixture.open()) {
      long begin = System.nanoTime();
      for (int i = 0; i < others; i++) {
        kernel.apply(Plans.policy("other" + i, 1, other(i)), PolicyTotals.NONE);
      }
      long loaded = System.nanoTime();
      kernel.apply(Plans.policy("one", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
      long more = System.nanoTime();
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      long edit = System.nanoTime();
      kernel.apply(Plans.policy("one", 2, Plans.killWritesTo(0, second)), PolicyTotals.NONE);
      long edited = System.nanoTime();
      assertThat(Shell.write(ledger).exitCode()).isZero();
      assertThat(Shell.write(second).exitCode()).isEqualTo(KILLED);
      LOG.info(
          "{} policies loaded in {} ms, one more in {} ms, its values changed in {} us",
          others,
          Duration.ofNanos(loaded - begin).toMillis(),
          Duration.ofNanos(more - loaded).toMillis(),
          Duration.ofNanos(edited - edit).toNanos() / 1000);

      assertThat(kernel.memory("one")).isBetween(1L, MOST_MEMORY);
      LOG.info("it takes {} bytes of kernel memory", kernel.memory("one"));
      assertThat(kernel.policies()).hasSize(others + 1);
      assertThat(kernel.policies().values()).allMatch(held -> held.complete());
    }
    long again = System.nanoTime();
    try (var next = fixture.open()) {
      LOG.info("taken over in {} ms", Duration.ofNanos(System.nanoTime() - again).toMillis());
      assertThat(next.policies()).hasSize(others + 1);
      assertThat(Shell.write(second).exitCode()).isEqualTo(KILLED);
    }
  }

  private static HookPlan other(int number) {
    var files =
        IntStream.range(0, 3)
            .mapToObj(i -> Path.of("/nowhere/" + number + "/" + i))
            .toArray(Path[]::new);
    return Plans.on(Plans.killWritesTo(0, files), FIRST_CALL + number % CALLS);
  }
}
