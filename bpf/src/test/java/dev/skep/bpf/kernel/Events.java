package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.SkepKernel;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Everything that comes out of a kernel's ring, read by a thread of its own. */
final class Events implements SkepKernel.Consumer, AutoCloseable {
  private final Queue<KernelRecord> all = new ConcurrentLinkedQueue<>();
  private final AtomicInteger idles = new AtomicInteger();
  private final Thread thread;

  Events(SkepKernel kernel) {
    thread = Thread.ofPlatform().name("consumer").start(() -> kernel.consume(this));
  }

  @Override
  public void accept(KernelRecord kernelRecord) {
    all.add(kernelRecord);
  }

  @Override
  public void idle() {
    idles.incrementAndGet();
  }

  /** How often the ring was found empty, after which the consumer had to be woken. */
  int idles() {
    return idles.get();
  }

  List<KernelRecord> all() {
    return List.copyOf(all);
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
