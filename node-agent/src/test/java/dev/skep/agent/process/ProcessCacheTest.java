package dev.skep.agent.process;

import static dev.skep.agent.Records.exec;
import static dev.skep.agent.Records.fork;
import static dev.skep.agent.Records.header;
import static dev.skep.agent.Records.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.ExecId;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessRef;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProcessCacheTest {
  private static final ProcessKey INIT = key(1, 10);
  private static final ProcessKey SHELL = key(100, 1_000);
  private static final ProcessKey CHILD = key(200, 2_000);

  private final Map<Integer, Exec> inKernel = new HashMap<>();
  private int asked;
  private final ProcessCache cache = cache(100_000, 100 << 20);

  @Test
  void aChildRunsItsParentsProgramUntilItExecs() {
    cache.existing(exec(1_000, SHELL, INIT, "/bin/sh", "-c", "a b"));

    var forked = facts(cache.forked(fork(SHELL, CHILD)));
    var executed = facts(cache.executed(exec(2_500, CHILD, SHELL, "/bin/id", "-u")));

    assertThat(forked.execId()).isEqualTo(id(2_000, 200));
    assertThat(forked.binary()).isEqualTo("/bin/sh");
    assertThat(forked.arguments()).isEqualTo("-c \"a b\"");
    assertThat(forked.flags()).isEqualTo("clone");
    assertThat(executed.execId()).isEqualTo(id(2_500, 200));
    assertThat(executed.binary()).isEqualTo("/bin/id");
    assertThat(executed.arguments()).isEqualTo("-u");
    assertThat(executed.flags()).isEqualTo("execve clone");
    assertThat(executed.startNanos()).isEqualTo(1_002_500);
    assertThat(executed.parentExecId()).isEqualTo(forked.parentExecId()).isEqualTo(id(1_000, 100));
    assertThat(cache.misses()).isZero();
  }

  @Test
  void aSecondExecInTheSameProcessKeepsTheParentAndIsNoClone() {
    cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    cache.forked(fork(SHELL, CHILD));
    cache.executed(exec(2_500, CHILD, SHELL, "/bin/env"));

    var second = facts(cache.executed(exec(2_600, CHILD, SHELL, "/bin/id")));

    assertThat(second.flags()).isEqualTo("execve");
    assertThat(second.execId()).isEqualTo(id(2_600, 200));
    assertThat(second.parentExecId()).isEqualTo(id(1_000, 100));
  }

  @Test
  void childrenKeepTheProgramThatMadeThemWhenTheirParentRunsAnother() {
    cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    var child = cache.forked(fork(SHELL, 1_000, CHILD));

    cache.executed(exec(3_000, SHELL, INIT, "/bin/other"));
    var late = cache.forked(fork(SHELL, 1_000, key(201, 2_001)));

    assertThat(binary(child.parentRef())).isEqualTo("/bin/sh");
    assertThat(binary(late.parentRef())).isEqualTo("/bin/sh");
    assertThat(binary(cache.forked(fork(SHELL, 3_000, key(202, 3_100))).parentRef()))
        .isEqualTo("/bin/other");
  }

  @Test
  void aProcessThatWasThereBeforeIsMarkedAndTheFirstOneHasTheKernelForParent() {
    var init = cache.existing(exec(10, INIT, key(0, 0), "/sbin/init"));

    assertThat(facts(init).flags()).isEqualTo("procFS");
    assertThat(binary(init.parentRef())).isEqualTo("<kernel>");
  }

  @Test
  void aRecordOfAnUnknownProcessIsAMissThatStillNamesTheProcess() {
    var missed = cache.of(header(2_100, CHILD, 2_050));

    assertThat(facts(missed).flags()).isEqualTo("miss");
    assertThat(facts(missed).execId()).isEqualTo(id(2_050, 200));
    assertThat(facts(missed).pid()).isEqualTo(200);
    assertThat(facts(missed).uid()).isEqualTo(1000);
    assertThat(missed.parentRef()).isNull();
    assertThat(cache.misses()).isEqualTo(1);
    assertThat(cache.of(header(2_200, CHILD, 2_050))).isSameAs(missed);
    assertThat(cache.misses()).isEqualTo(1);
  }

  @Test
  void anExecWhoseForkWasLostFindsItsParentByItself() {
    cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));

    var executed = facts(cache.executed(exec(2_500, CHILD, SHELL, 1_000, "/bin/id")));

    assertThat(executed.flags()).isEqualTo("execve miss");
    assertThat(executed.parentExecId()).isEqualTo(id(1_000, 100));
  }

  @Test
  void theParentsIdIsRightEvenIfNothingElseOfItIsKnown() {
    var executed = cache.executed(exec(2_500, CHILD, SHELL, 1_700, "/bin/id"));

    assertThat(facts(executed).parentExecId()).isEqualTo(id(1_700, 100));
    assertThat(executed.parentRef()).isNull();
    assertThat(facts(cache.forked(fork(INIT, 12, key(201, 2_001)))).parentExecId())
        .isEqualTo(id(12, 1));
  }

  @Test
  void aLostExecIsAskedForOnceAndToldAsTheKernelHasIt() {
    cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    cache.forked(fork(SHELL, 1_000, CHILD));
    inKernel.put(200, exec(2_500, CHILD, SHELL, 1_000, "/bin/lost", "x"));

    var healed = cache.of(header(2_600, CHILD, 2_500));

    assertThat(facts(healed).binary()).isEqualTo("/bin/lost");
    assertThat(facts(healed).execId()).isEqualTo(id(2_500, 200));
    assertThat(facts(healed).flags()).isEqualTo("procFS miss");
    assertThat(binary(healed.parentRef())).isEqualTo("/bin/sh");
    assertThat(cache.of(header(2_700, CHILD, 2_500))).isSameAs(healed);
    assertThat(asked).isEqualTo(1);
  }

  @Test
  void whatTheKernelSaysOfALaterProgramIsNotTakenForThisOne() {
    inKernel.put(200, exec(2_900, CHILD, SHELL, "/bin/later"));

    var missed = cache.of(header(2_600, CHILD, 2_500));

    assertThat(facts(missed).execId()).isEqualTo(id(2_500, 200));
    assertThat(facts(missed).binary()).isEmpty();
  }

  @Test
  void theKernelIsAskedAHundredTimesASecondAtMost() {
    for (int i = 0; i < 1_000; i++) {
      cache.of(header(5_000 + i, key(1_000 + i, 4_000 + i), 0));
    }
    assertThat(asked).isEqualTo(100);

    cache.of(header(1_000_006_000L, key(5_000, 5_000), 0));
    assertThat(asked).isEqualTo(101);
  }

  @Test
  void anExitWhoseExecWasLostHasTheIdOfThatExec() {
    cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    cache.forked(fork(SHELL, 1_000, CHILD));

    var exited = cache.exiting(header(2_600, CHILD, 2_500));

    assertThat(facts(exited).execId()).isEqualTo(id(2_500, 200));
    assertThat(facts(exited).flags()).isEqualTo("miss");
    assertThat(binary(exited.parentRef())).isEqualTo("/bin/sh");
    assertThat(asked).isZero();
  }

  @Test
  void anExecThatComesAfterItsExitIsToldAndDoesNotLiveAgain() {
    cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    cache.forked(fork(SHELL, 1_000, CHILD));
    cache.exiting(header(2_600, CHILD, 2_500));
    cache.ended(CHILD);

    var late = cache.executed(exec(2_500, CHILD, SHELL, 1_000, "/bin/id"));

    assertThat(facts(late).binary()).isEqualTo("/bin/id");
    assertThat(facts(late).execId()).isEqualTo(id(2_500, 200));
    assertThat(binary(late.parentRef())).isEqualTo("/bin/sh");
    assertThat(late.isOpen()).isFalse();
  }

  @Test
  void anExecThatComesAfterAHookOfItsProgramCompletesWhatWasMadeOfTheHook() {
    var hooked = cache.of(header(2_600, CHILD, 2_500));
    var child = cache.forked(fork(CHILD, 2_500, key(300, 2_700)));

    var late = cache.executed(exec(2_500, CHILD, SHELL, "/bin/id"));

    assertThat(late).isSameAs(hooked);
    assertThat(binary(child.parentRef())).isEqualTo("/bin/id");
  }

  @Test
  void aRecordOfTheProgramBeforeIsToldAsThatOne() {
    cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    cache.executed(exec(3_000, SHELL, INIT, "/bin/other"));

    assertThat(facts(cache.of(header(3_001, SHELL, 1_000))).binary()).isEqualTo("/bin/sh");
    assertThat(facts(cache.of(header(3_002, SHELL, 3_000))).binary()).isEqualTo("/bin/other");

    cache.forgetEnded();
    assertThat(facts(cache.of(header(3_003, SHELL, 1_000))).execId()).isEqualTo(id(1_000, 100));
    assertThat(facts(cache.of(header(3_004, SHELL, 3_000))).binary()).isEqualTo("/bin/other");
  }

  @Test
  void aPidThatIsUsedAgainIsAnotherProcess() {
    cache.existing(exec(2_000, CHILD, INIT, "/bin/old"));

    var reused = cache.of(header(9_999, key(200, 9_000), 9_000));

    assertThat(facts(reused).binary()).isEmpty();
    assertThat(cache.of(header(9_999, key(200, 9_000), 9_000))).isSameAs(reused);
    assertThat(facts(cache.of(header(8_000, CHILD, 2_000))).binary()).isEqualTo("/bin/old");
  }

  @Test
  void aParentIsCountedForEachLivingChildAndKeptForWhatEnded() {
    var shell = cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    var first = cache.forked(fork(SHELL, CHILD));
    cache.forked(fork(SHELL, key(201, 2_001)));
    assertThat(shell.ref(100).refcnt()).isEqualTo(3);

    cache.ended(first.key());
    assertThat(shell.ref(100).refcnt()).isEqualTo(2);
    assertThat(binary(first.parentRef())).isEqualTo("/bin/sh");

    cache.executed(exec(2_500, key(201, 2_001), SHELL, "/bin/id"));
    assertThat(shell.ref(100).refcnt()).isEqualTo(2);
  }

  @Test
  void anEndedParentIsToldForItsLivingChildrenAndAncestorsBeyondIt() {
    cache.existing(exec(10, INIT, key(0, 0), "/sbin/init"));
    cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    cache.forked(fork(SHELL, CHILD));
    var grandchild = cache.forked(fork(CHILD, key(300, 3_000)));
    cache.ended(CHILD);
    cache.ended(SHELL);
    cache.forgetEnded();

    assertThat(Objects.requireNonNull(grandchild.parentRef()).process().facts().pid())
        .isEqualTo(200);
    assertThat(grandchild.ancestorRefs())
        .extracting(ref -> ref.process().facts().pid())
        .containsExactly(100, 1, 0);
  }

  @Test
  void anEventThatWaitsKeepsItsProcess() {
    var process = cache.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    cache.hold(process);
    assertThat(process.ref(100).refcnt()).isEqualTo(2);
    cache.ended(SHELL);
    cache.forgetEnded();

    assertThat(cache.of(header(5_000, SHELL, 1_000))).isSameAs(process);

    cache.letGo(process);
    assertThat(cache.size()).isZero();
  }

  @Test
  void aLineOfDaemonsIsNotKeptBackToItsFirst() {
    var process = cache.existing(exec(10, INIT, key(0, 0), "/sbin/init"));
    for (int i = 1; i <= 5_000; i++) {
      var parent = process;
      process = cache.forked(fork(parent.key(), key(i + 1, 1_000 + i)));
      cache.ended(parent.key());
      cache.forgetEnded();
    }
    assertThat(process.ancestorRefs()).hasSize(CachedProcess.ANCESTORS);
    assertThat(cache.size()).isLessThan(CachedProcess.ANCESTORS + 5);
  }

  @Test
  void itStaysWithinItsBoundWhereExitsWereLostAndKeepsThoseThatAreHeardOf() {
    var small = cache(10, 100 << 20);
    small.existing(exec(1_000, SHELL, INIT, "/bin/sh"));
    for (int i = 0; i < 1_000; i++) {
      small.forked(fork(SHELL, key(1_000 + i, 5_000 + i)));
    }

    assertThat(small.size()).isEqualTo(10);
    assertThat(small.evictions()).isEqualTo(991);
    assertThat(facts(small.of(header(9_000, SHELL))).binary()).isEqualTo("/bin/sh");
  }

  @Test
  void itStaysWithinItsBytesWhereArgumentsAreLong() {
    var small = cache(100_000, 1 << 20);
    for (int i = 0; i < 1_000; i++) {
      small.executed(exec(5_000 + i, key(1_000 + i, 4_000 + i), SHELL, "/a", "x".repeat(30_000)));
    }

    assertThat(small.bytes()).isBetween(900_000L, 1L << 20);
    assertThat(small.size()).isLessThan(20);
  }

  private ProcessCache cache(int processes, long bytes) {
    return new ProcessCache(
        new ProcessNames("n", boot -> boot + 1_000_000, ProcessDetails.NONE, HostView.UNKNOWN),
        new ProcessCache.Limits(processes, bytes),
        pid -> {
          asked++;
          return Optional.ofNullable(inKernel.get(pid));
        },
        Containers.NONE);
  }

  private static String id(long began, int pid) {
    return ExecId.of("n", began, pid);
  }

  private static ProcessFacts facts(CachedProcess process) {
    return process.traced().facts();
  }

  private static String binary(@Nullable ProcessRef ref) {
    return Objects.requireNonNull(ref).process().facts().binary();
  }
}
