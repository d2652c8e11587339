package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.SkepKernel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Everything that comes out of a kernel's ring, read by a thread of its own. */
final class Events implements SkepKernel.Consumer, AutoCloseable {
  private final List<KernelRecord> all = new CopyOnWriteArrayList<>();
  private final Thread thread;

  Events(SkepKernel kernel) {
    thread = Thread.ofPlatform().name("consumer").start(() -> kernel.consume(this));
  }

  @Override
  public void accept(KernelRecord kernelRecord) {
    all.add(kernelRecord);
  }

  @Override
  public void idle() {}

  List<KernelRecord.Hook> hooks() {
    return all.stream()
        .filter(KernelRecord.Hook.class::isInstance)
        .map(KernelRecord.Hook.class::cast)
        .toList();
  }

  @Override
  public void close() {
    thread.interrupt();
    awaitEnd();
  }

  void awaitEnd() {
    try {
      assertThat(thread.join(Duration.ofSeconds(5))).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
