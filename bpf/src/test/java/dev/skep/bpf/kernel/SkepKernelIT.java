package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.SkepKernel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SkepKernelIT {
  private final KernelOptions options =
      new KernelOptions(Path.of("/sys/fs/bpf/skep-test-" + ProcessHandle.current().pid()), 1 << 20);

  @TempDir Path dir;

  @AfterEach
  void leaveNothing() throws Exception {
    SkepKernels.cleanup(options.folder());
  }

  @Test
  void aForbiddenWriteIsKilledBeforeTheFileChanges() throws Exception {
    var ledger = Files.writeString(dir.resolve("ledger.txt"), "keep");
    try (var kernel = SkepKernels.open(options);
        var events = new Events(kernel)) {
      kernel.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);

      var writer = Shell.write(ledger);

      assertThat(writer.exitCode()).isEqualTo(128 + Plans.SIGKILL);
      assertThat(ledger).hasContent("keep");
      await()
          .untilAsserted(() ->
              assertThat(events.hooks())
                  .singleElement()
                  .satisfies(hook -> {
                    assertThat(hook.policy()).isEqualTo("a");
                    assertThat(hook.action()).isEqualTo(KernelRecord.Action.SIGNAL);
                    assertThat(hook.arguments().getFirst().bytes())
                        .asString()
                        .isEqualTo(ledger.toString());
                  }));
      assertThat(kernel.policies())
          .hasEntrySatisfying("a", held -> assertThat(held.complete()).isTrue());
      assertThat(kernel.totals("a").hooks().getFirst().enforced()).isEqualTo(1);
    }
  }

  /** Everything that came out of the ring, read by a thread of its own. */
  static final class Events implements AutoCloseable {
    private final List<KernelRecord> all = new CopyOnWriteArrayList<>();
    private final Thread thread;

    Events(SkepKernel kernel) {
      thread =
          Thread.ofPlatform()
              .name("consumer")
              .start(() ->
                  kernel.consume(
                      new SkepKernel.Consumer() {
                        @Override
                        public void accept(KernelRecord kernelRecord) {
                          all.add(kernelRecord);
                        }

                        @Override
                        public void idle() {}
                      }));
    }

    List<KernelRecord.Hook> hooks() {
      return all.stream()
          .filter(KernelRecord.Hook.class::isInstance)
          .map(KernelRecord.Hook.class::cast)
          .toList();
    }

    @Override
    public void close() {
      thread.interrupt();
      try {
        assertThat(thread.join(Duration.ofSeconds(5))).isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
