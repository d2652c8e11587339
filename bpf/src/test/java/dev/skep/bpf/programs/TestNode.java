package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyPlan.Scope;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.kernel.Dispatch;
import dev.skep.bpf.kernel.KernelOptions;
import dev.skep.bpf.kernel.ProcessOptions;
import dev.skep.bpf.kernel.SkepKernels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/** Skep's programs in this machine's kernel, in a folder of their own, and all that they report. */
final class TestNode implements AutoCloseable {
  private static final AtomicInteger NODES = new AtomicInteger();
  private static final int RING_BYTES = 32 << 20;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int SELECTORS_BEFORE = 8;
  private static final Duration LOOK = Duration.ofMillis(5);
  private static final Duration NEXT = Duration.ofSeconds(5);

  private final SkepKernel kernel;
  private final Collection<KernelRecord> records = new ConcurrentLinkedQueue<>();
  private final Lock reading = new ReentrantLock();
  private final Thread consumer;

  TestNode() throws BpfException {
    this(RING_BYTES, ProcessOptions.defaults());
  }

  TestNode(int ringBytes, ProcessOptions processes) throws BpfException {
    this(ringBytes, processes, null);
  }

  /** Whose system calls are seen in this way; null: the best here. */
  TestNode(@Nullable Dispatch dispatch) throws BpfException {
    this(RING_BYTES, ProcessOptions.defaults(), dispatch);
  }

  private TestNode(int ringBytes, ProcessOptions processes, @Nullable Dispatch dispatch)
      throws BpfException {
    var name = "skep-test-" + ProcessHandle.current().pid() + "-" + NODES.incrementAndGet();
    kernel =
        SkepKernels.open(
            new KernelOptions(Path.of("/sys/fs/bpf", name), ringBytes, processes, dispatch));
    consumer = Thread.ofPlatform().name("ring").start(() -> kernel.consume(new Keeper()));
  }

  SkepKernel kernel() {
    return kernel;
  }

  /** Puts a policy of these hooks in force; in place of what the same uid had. */
  void enforce(String uid, HookPlan... hooks) throws BpfException {
    kernel.apply(
        new PolicyPlan(uid, 1, false, Scope.EVERYWHERE, List.of(hooks)), PolicyTotals.NONE);
  }

  /** In force where something says so. */
  void choose(String uid, HookPlan... hooks) throws BpfException {
    kernel.apply(new PolicyPlan(uid, 1, false, Scope.CHOSEN, List.of(hooks)), PolicyTotals.NONE);
  }

  void monitor(String uid, HookPlan... hooks) throws BpfException {
    kernel.apply(new PolicyPlan(uid, 1, true, Scope.EVERYWHERE, List.of(hooks)), PolicyTotals.NONE);
  }

  /** One hook, its first and only one of the policy. */
  static HookPlan hook(int syscall, List<ArgumentPlan> arguments, SelectorPlan... selectors) {
    return new HookPlan(0, Set.of(syscall), false, arguments, List.of(selectors));
  }

  /**
   * The same behind so many selectors which never match that none of its filters has code of its
   * own in the program.
   */
  static HookPlan behind(HookPlan hook) {
    var nobody = new PidFilter(false, false, false, Set.of(-1));
    var selectors =
        new ArrayList<>(
            Collections.nCopies(
                SELECTORS_BEFORE, new SelectorPlan(List.of(nobody), List.of(), true, 0)));
    selectors.addAll(hook.selectors());
    return new HookPlan(
        hook.index(), hook.place(), hook.wantsReturn(), hook.arguments(), selectors);
  }

  /** As policy "near" with code of its own, and as "far" in the code that later filters share. */
  void enforceBothWays(HookPlan hook) throws BpfException {
    enforce("near", hook);
    enforce("far", behind(hook));
  }

  /** How often hooks of both ways tell of what this does: as often as each other. */
  long toldBothWays(Runnable action) {
    long near = told("near");
    long far = told("far");
    action.run();
    long calls = told("near") - near;
    assertThat(told("far") - far).isEqualTo(calls);
    return calls;
  }

  /** How often the policy's hooks have told of anything. */
  long told(String policy) {
    return records().stream()
        .filter(record -> record instanceof KernelRecord.Hook hook && hook.policy().equals(policy))
        .count();
  }

  /**
   * Everything reported so far: a process that ends now is waited for, and records come in order.
   * Where the ring is full that one is lost, and the next is waited for.
   */
  List<KernelRecord> records() {
    var markers = new HashSet<Integer>();
    for (long begin = System.nanoTime(); System.nanoTime() - begin < PATIENCE.toNanos(); ) {
      markers.add(Trigger.run().pid());
      if (isToldSoon(markers)) {
        return List.copyOf(records);
      }
    }
    throw new AssertionError(
        "of %s no end is told; %s records, the last: %s"
            .formatted(
                markers, records.size(), recordsSoFar().reversed().stream().limit(9).toList()));
  }

  private boolean isToldSoon(Set<Integer> ended) {
    try {
      await()
          .atMost(NEXT)
          .pollInterval(LOOK)
          .until(() ->
              records.stream()
                  .anyMatch(record ->
                      record instanceof KernelRecord.Exit exit
                          && ended.contains(exit.header().process().pid())));
      return true;
    } catch (ConditionTimeoutException _) {
      return false;
    }
  }

  /** What has come by now. */
  List<KernelRecord> recordsSoFar() {
    return List.copyOf(records);
  }

  /** Nobody reads the ring meanwhile. */
  void unread(Runnable action) {
    reading.lock();
    try {
      action.run();
    } finally {
      reading.unlock();
    }
  }

  void awaitRecords(int count) {
    await().atMost(PATIENCE).pollInterval(LOOK).until(() -> records.size() >= count);
  }

  /** What one process was reported for, of one kind: the last one that had this id. */
  <R extends KernelRecord> List<R> records(Class<R> kind, int pid) {
    var its = records().stream().filter(record -> record.header().process().pid() == pid).toList();
    long start =
        its.stream().mapToLong(record -> record.header().process().start()).max().orElse(0);
    return its.stream()
        .filter(record -> record.header().process().start() == start)
        .filter(kind::isInstance)
        .map(kind::cast)
        .toList();
  }

  /** Unloads everything; the kernel holds nothing of it afterwards. */
  @Override
  public void close() throws BpfException {
    kernel.detach();
    try {
      consumer.join(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Keeper implements SkepKernel.Consumer {
    @Override
    public void accept(KernelRecord record) {
      reading.lock();
      try {
        records.add(record);
      } finally {
        reading.unlock();
      }
    }

    @Override
    public void idle() {}
  }
}
