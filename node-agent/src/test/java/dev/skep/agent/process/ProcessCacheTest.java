package dev.skep.agent.process;

import static dev.skep.agent.Records.exec;
import static dev.skep.agent.Records.fork;
import static dev.skep.agent.Records.header;
import static dev.skep.agent.Records.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.ExecId;
import dev.skep.events.ProcessFacts;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ProcessCacheTest {
  private static final ProcessKey INIT = key(1, 10);
  private static final ProcessKey SHELL = key(100, 1_000);
  private static final ProcessKey CHILD = key(200, 2_000);

  private final ProcessCache cache = cache(100);

  @Test
  void aChildRunsItsParentsProgramUntilItExecs() {
    cache.existing(exec(0, SHELL, INIT, "/bin/sh", "-c", "a b"));

    var forked = facts(cache.forked(fork(SHELL, CHILD)));
    var executed = facts(cache.executed(exec(2_500, CHILD, SHELL, "/bin/id", "-u")));

    assertThat(forked.execId()).isEqualTo(ExecId.of("n", 2_000, 200));
    assertThat(forked.binary()).isEqualTo("/bin/sh");
    assertThat(forked.arguments()).isEqualTo("-c \"a b\"");
    assertThat(forked.flags()).isEqualTo("clone");
    assertThat(executed.execId()).isEqualTo(ExecId.of("n", 2_500, 200));
    assertThat(executed.binary()).isEqualTo("/bin/id");
    assertThat(executed.arguments()).isEqualTo("-u");
    assertThat(executed.flags()).isEqualTo("execve clone");
    assertThat(executed.startNanos()).isEqualTo(1_002_500);
    assertThat(executed.parentExecId())
        .isEqualTo(forked.parentExecId())
        .isEqualTo(ExecId.of("n", 1_000, 100));
  }

  @Test
  void aSecondExecInTheSameProcessKeepsTheParentAndIsNoClone() {
    cache.existing(exec(0, SHELL, INIT, "/bin/sh"));
    cache.forked(fork(SHELL, CHILD));
    cache.executed(exec(2_500, CHILD, SHELL, "/bin/env"));

    var second = facts(cache.executed(exec(2_600, CHILD, SHELL, "/bin/id")));

    assertThat(second.flags()).isEqualTo("execve");
    assertThat(second.execId()).isEqualTo(ExecId.of("n", 2_600, 200));
    assertThat(second.parentExecId()).isEqualTo(ExecId.of("n", 1_000, 100));
  }

  @Test
  void aProcessThatWasThereBeforeIsMarkedAndTheFirstOneHasTheKernelForParent() {
    var init = cache.existing(exec(0, INIT, key(0, 0), "/sbin/init"));

    assertThat(facts(init).flags()).isEqualTo("procFS");
    assertThat(Objects.requireNonNull(init.parentRef()).process().facts().binary())
        .isEqualTo("<kernel>");
  }

  @Test
  void aRecordOfAnUnknownProcessIsAMissThatStillNamesTheProcess() {
    var missed = cache.of(header(2_100, CHILD));

    assertThat(facts(missed).flags()).isEqualTo("miss");
    assertThat(facts(missed).pid()).isEqualTo(200);
    assertThat(facts(missed).uid()).isEqualTo(1000);
    assertThat(missed.parentRef()).isNull();
    assertThat(cache.misses()).isEqualTo(1);
    assertThat(cache.of(header(2_200, CHILD))).isSameAs(missed);
    assertThat(cache.misses()).isEqualTo(1);
  }

  @Test
  void anExecWhoseForkWasLostFindsItsParentByItself() {
    cache.existing(exec(0, SHELL, INIT, "/bin/sh"));

    var executed = facts(cache.executed(exec(2_500, CHILD, SHELL, "/bin/id")));

    assertThat(executed.flags()).isEqualTo("execve miss");
    assertThat(executed.parentExecId()).isEqualTo(ExecId.of("n", 1_000, 100));
  }

  @Test
  void aPidThatIsUsedAgainIsAnotherProcess() {
    cache.existing(exec(0, CHILD, INIT, "/bin/old"));

    var reused = cache.of(header(9_999, key(200, 9_000)));

    assertThat(facts(reused).binary()).isEmpty();
    assertThat(cache.size()).isEqualTo(2 - 1);
  }

  @Test
  void aParentIsCountedForEachLivingChildAndLetGoByTheOnesThatEnd() {
    var shell = cache.existing(exec(0, SHELL, INIT, "/bin/sh"));
    var first = cache.forked(fork(SHELL, CHILD));
    cache.forked(fork(SHELL, key(201, 2_001)));
    assertThat(shell.ref(100).refcnt()).isEqualTo(3);

    cache.ended(first);
    assertThat(shell.ref(100).refcnt()).isEqualTo(2);
    assertThat(first.parentRef()).isNull();

    cache.executed(exec(2_500, key(201, 2_001), SHELL, "/bin/id"));
    assertThat(shell.ref(100).refcnt()).isEqualTo(2);
  }

  @Test
  void aLineOfDaemonsKeepsOnlyTheLastAndItsParent() {
    var process = cache.existing(exec(0, INIT, key(0, 0), "/sbin/init"));
    for (int i = 1; i <= 50; i++) {
      var parent = process;
      process = cache.forked(fork(parent.key(), key(i + 1, 1_000 + i)));
      cache.ended(parent);
      assertThat(parent.parent()).isNull();
    }
    assertThat(Objects.requireNonNull(process.parent()).parent()).isNull();
    assertThat(cache.size()).isEqualTo(2); // the last one and the kernel
  }

  @Test
  void itStaysWithinItsBoundWhereExitsWereLostAndKeepsThoseThatAreHeardOf() {
    var small = cache(10);
    small.existing(exec(0, SHELL, INIT, "/bin/sh"));
    for (int i = 0; i < 1_000; i++) {
      small.forked(fork(SHELL, key(1_000 + i, 5_000 + i)));
    }

    assertThat(small.size()).isEqualTo(10);
    assertThat(small.evictions()).isEqualTo(991);
    assertThat(facts(small.of(header(9_000, SHELL))).binary()).isEqualTo("/bin/sh");
  }

  @Test
  void whateverOrderRecordsComeInEveryProcessHasANameAndNoCountIsNegative() {
    var random = new Random(20260801);
    var small = cache(50);
    for (int i = 0; i < 100_000; i++) {
      var process = key(1 + random.nextInt(80), random.nextInt(3));
      var other = key(1 + random.nextInt(80), random.nextInt(3));
      var touched =
          switch (random.nextInt(5)) {
            case 0 -> small.existing(exec(i, process, other, "/bin/a"));
            case 1 -> small.forked(fork(other, process));
            case 2 -> small.executed(exec(i, process, other, "/bin/b"));
            default -> small.of(header(i, process));
          };
      assertThat(touched.ref(1).refcnt()).isPositive();
      var parent = touched.parentRef();
      assertThat(parent == null || parent.refcnt() > 0).isTrue();
      if (random.nextInt(3) == 0) {
        small.ended(touched);
      }
      assertThat(small.size()).isLessThanOrEqualTo(50);
    }
  }

  private static ProcessCache cache(int capacity) {
    return new ProcessCache(new ProcessNames("n", boot -> boot + 1_000_000), capacity);
  }

  private static ProcessFacts facts(CachedProcess process) {
    return process.traced().facts();
  }
}
