package dev.skep.agent.process;

import static dev.skep.agent.Records.exec;
import static dev.skep.agent.Records.exit;
import static dev.skep.agent.Records.fork;
import static dev.skep.agent.Records.header;
import static dev.skep.agent.Records.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.ExecId;
import dev.skep.events.ProcessRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Families that fork, exec and exit as the kernel would have it, of which records are dropped and
 * shuffled before the cache sees them.
 */
class RandomFamiliesTest {
  private static final int RECORDS = 200_000;
  private static final int PIDS = 400;

  /** A process as it really is. */
  private record Alive(ProcessKey key, ProcessKey parent, long parentBegan, long began) {}

  private final Map<Integer, Alive> alive = new HashMap<>();
  private final List<Integer> pids = new ArrayList<>();
  private long time = 1_000;

  @ParameterizedTest
  @CsvSource({
    "1, 0, 0, 65536", // whole and in order
    "2, 0.1, 0, 65536", // every tenth lost
    "3, 0.9, 0, 65536", // nearly all lost
    "4, 0, 3, 65536", // none lost, but in disorder
    "5, 0.3, 20, 65536",
    "6, 0.3, 20, 64" // and no room
  })
  void everyEventNamesTheRightProgramAndNothingIsKept(
      int seed, double lost, int disorder, int room) {
    var random = new Random(seed);
    var cache =
        new ProcessCache(
            new ProcessNames("n", boot -> boot, ProcessDetails.NONE, HostView.UNKNOWN),
            new ProcessCache.Limits(room, 1 << 20),
            this::ask,
            Containers.NONE);
    born(key(1, 1), key(0, 0), 0);
    cache.existing(exec(1, key(1, 1), key(0, 0), "/init"));
    var waiting = new ArrayList<KernelRecord>();

    for (int i = 0; i < RECORDS; i++) {
      var record = happen(random);
      if (random.nextDouble() >= lost) {
        waiting.add(record);
      }
      if (waiting.size() > disorder) {
        feed(cache, waiting.remove(random.nextInt(waiting.size())), room);
      }
      if (i % 1_000 == 0) {
        cache.forgetEnded();
      }
    }
    waiting.forEach(record -> feed(cache, record, room));

    if (lost == 0 && disorder == 0) {
      assertThat(cache.misses()).isZero();
      assertThat(cache.evictions()).isZero();
    }
    // Whatever was lost before: all are told to have ended, and then nothing is left.
    for (int pid = 0; pid <= PIDS; pid++) {
      var last = cache.of(header(time, key(pid, time), time));
      cache.ended(last.key());
      assertThat(last.ref(pid).refcnt()).isZero();
    }
    cache.forgetEnded();
    assertThat(cache.size()).isZero();
    assertThat(cache.bytes()).isZero();
  }

  private void feed(ProcessCache cache, KernelRecord record, int room) {
    switch (record) {
      case KernelRecord.Fork fork -> check(cache.forked(fork), null);
      case Exec exec -> {
        var told = cache.executed(exec);
        check(told, exec);
        assertThat(told.traced().facts().binary()).isEqualTo("/bin/" + exec.header().time());
        assertThat(told.traced().facts().parentExecId())
            .isEqualTo(id(exec.parentBegan(), exec.parent().pid()));
      }
      case KernelRecord.Exit exit -> {
        check(cache.exiting(exit.header()), exit);
        cache.ended(exit.header().process());
      }
      default -> {
        var told = cache.of(record.header());
        check(told, record);
        cache.hold(told);
        assertThat(told.ref(1).refcnt()).isPositive();
        cache.letGo(told);
      }
    }
    assertThat(cache.size()).isLessThanOrEqualTo(room);
    assertThat(cache.bytes()).isLessThanOrEqualTo(1 << 20);
  }

  private static void check(CachedProcess told, @Nullable KernelRecord record) {
    if (record != null) {
      var header = record.header();
      assertThat(told.traced().facts().execId())
          .isEqualTo(id(header.began(), header.process().pid()));
    }
    assertThat(told.ref(1).refcnt()).isNotNegative();
    @Nullable ProcessRef parent = told.parentRef();
    if (parent != null) {
      assertThat(parent.refcnt()).isNotNegative();
      assertThat(told.traced().facts().parentExecId()).isEqualTo(parent.process().facts().execId());
    }
  }

  /** The next thing that some process does. */
  private KernelRecord happen(Random random) {
    time += 1 + random.nextInt(100_000);
    var process = process(pids.get(random.nextInt(pids.size())));
    int pid = process.key().pid();
    switch (random.nextInt(4)) {
      case 0 -> {
        int child = 2 + random.nextInt(PIDS - 1);
        if (!alive.containsKey(child)) {
          var key = key(child, time);
          born(key, process.key(), process.began());
          return fork(process.key(), process.began(), key);
        }
      }
      case 1 -> {
        alive.put(pid, new Alive(process.key(), process.parent(), process.parentBegan(), time));
        return ran(pid);
      }
      case 2 -> {
        if (pid != 1) {
          alive.remove(pid);
          pids.remove(Integer.valueOf(pid));
          return new KernelRecord.Exit(
              header(time, process.key(), process.began()), exit(0, process.key(), 0).code());
        }
      }
      default -> {}
    }
    return new KernelRecord.Throttle(header(time, process.key(), process.began()));
  }

  private void born(ProcessKey key, ProcessKey parent, long parentBegan) {
    alive.put(key.pid(), new Alive(key, parent, parentBegan, key.start()));
    pids.add(key.pid());
  }

  private Optional<Exec> ask(int pid) {
    return alive.containsKey(pid) ? Optional.of(ran(pid)) : Optional.empty();
  }

  private Alive process(int pid) {
    return Objects.requireNonNull(alive.get(pid));
  }

  private Exec ran(int pid) {
    var process = process(pid);
    return exec(
        process.began(),
        process.key(),
        process.parent(),
        process.parentBegan(),
        "/bin/" + process.began());
  }

  private static String id(long began, int pid) {
    return ExecId.of("n", began, pid);
  }
}
