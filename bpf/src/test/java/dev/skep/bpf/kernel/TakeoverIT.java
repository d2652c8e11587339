package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.ProcessHooks.Attachment;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.OnlyInVm;
import dev.skep.cluster.Scale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NeedsKernel
@NeedsPolicies
class TakeoverIT {
  private static final int KILLED = 128 + Plans.SIGKILL;
  private static final int REFUSED = 1; // cat could not open the file

  @RegisterExtension final KernelFixture fixture = new KernelFixture();
  @TempDir Path dir;
  private Path ledger = Path.of("");

  @BeforeEach
  void file() throws Exception {
    ledger = Files.writeString(dir.resolve("ledger.txt"), "keep");
  }

  @Test
  void noWriteSlipsThroughAndNoneIsCountedTwiceWhileAgentsFollowEachOther() throws Exception {
    attackWhileAgentsFollowEachOther(
        Plans.killWritesTo(0, ledger), "/bin/echo lost >> " + ledger, KILLED);
  }

  @Test
  @OnlyInVm("a kernel that takes kprobes and fmod_ret")
  void noOpenThatIsOverriddenSlipsThroughEither() throws Exception {
    attackWhileAgentsFollowEachOther(
        Plans.refuseOpensOf(0, new Place.Function("security_file_open"), ledger),
        "/bin/cat " + ledger,
        REFUSED);
  }

  @Test
  @OnlyInVm("a kernel that asks programs on LSM hooks")
  void noOpenThatAnLsmHookRefusesSlipsThroughEither() throws Exception {
    attackWhileAgentsFollowEachOther(
        Plans.refuseOpensOf(0, new Place.LsmHook("file_open"), ledger),
        "/bin/cat " + ledger,
        REFUSED);
  }

  @Test
  void noWriteSlipsPastATracepointEither() throws Exception {
    attackWhileAgentsFollowEachOther(
        Plans.killWritesSeenByTracepointTo(0, ledger), "/bin/echo lost >> " + ledger, KILLED);
  }

  @Test
  void noProgramSlipsPastARawTracepointEither() throws Exception {
    var forbidden = Files.copy(Path.of("/bin/true"), dir.toRealPath().resolve("forbidden"));
    // An attack alone is over so soon that hardly an agent follows another meanwhile.
    attackWhileAgentsFollowEachOther(
        Plans.killExecsOf(0, forbidden), "/bin/true; ".repeat(4) + forbidden, KILLED);
  }

  private void attackWhileAgentsFollowEachOther(HookPlan hook, String attack, int code)
      throws Exception {
    int most = 1500; // whose records the ring has room for, should nobody read it
    int enough = Math.max(3, Scale.of(30));
    var codes = dir.resolve("codes");
    var end = dir.resolve("end");
    var kernel = fixture.open();
    kernel.apply(Plans.policy("a", 1, hook), PolicyTotals.NONE);
    var events = new ArrayList<Events>();
    events.add(new Events(kernel));
    var attacker =
        new ProcessBuilder(
                "bash",
                "-c",
                "for i in $(seq %d); do [ -e %s ] && break; %s; echo $? >> %s; done"
                    .formatted(most, end, attack, codes))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    int takeovers = 0;
    try {
      while (attacker.isAlive() && takeovers < enough) {
        kernel.close();
        events.getLast().awaitEnd();
        kernel = fixture.open();
        events.add(new Events(kernel));
        kernel.apply(Plans.policy("a", 1, hook), PolicyTotals.NONE);
        takeovers++;
      }
      Files.createFile(end);
      attacker.waitFor();
    } finally {
      attacker.destroy();
    }
    int attempts = Files.readAllLines(codes).size();

    try (var last = kernel) {
      assertThat(takeovers).isGreaterThan(2);
      assertThat(attempts).isGreaterThan(takeovers);
      assertThat(ledger.toFile()).hasSize(4); // reading it may be what is refused
      assertThat(Files.readAllLines(codes)).containsOnly("" + code);
      assertThat(last.totals("a").hooks())
          .containsExactly(new HookTotals(0, attempts, 0, attempts, 0, 0));
      await()
          .untilAsserted(() ->
              assertThat(events.stream().mapToInt(reader -> reader.hooks().size()).sum())
                  .isEqualTo(attempts));
    }
  }

  @Test
  void everyProcessIsToldOnceWhileAgentsFollowEachOther() throws Exception {
    tellsEveryProcessOnce(null); // by what is usual here
  }

  @OnlyInVm("functions of the kernel that programs can be attached to")
  @ParameterizedTest
  @EnumSource(
      value = Attachment.class,
      names = {"FENTRY", "KPROBE"})
  void everyProcessIsToldOnceByProgramsOnFunctions(Attachment way) throws Exception {
    tellsEveryProcessOnce(way);
  }

  private void tellsEveryProcessOnce(@Nullable Attachment way) throws Exception {
    int runs = Scale.of(1500);
    var defaults = ProcessOptions.defaults();
    var options =
        new KernelOptions(
            fixture.options.folder(),
            8 << 20,
            new ProcessOptions(
                defaults.mapEntries(), defaults.argumentBytes(), 0, false, null, way));
    var root = Shell.run("findmnt -n -o TARGET -t cgroup2 | head -1").output().strip();
    var cgroup = Files.createDirectory(Path.of(root, "skep-test-" + System.nanoTime()));
    try {
      long id = (Long) Files.getAttribute(cgroup, "unix:ino");
      var kernel = SkepKernels.open(options);
      var events = new ArrayList<Events>();
      events.add(new Events(kernel));
      var storm =
          new ProcessBuilder(
                  "bash",
                  "-c",
                  "echo $$ > %s/cgroup.procs; for ((i = 0; i < %d; i++)); do /bin/true; done; exit 0"
                      .formatted(cgroup, runs))
              .start();
      int takeovers = 0;
      while (storm.isAlive()) {
        kernel.close();
        events.getLast().awaitEnd();
        fixture.leaveNote(storm.pid());
        kernel = SkepKernels.open(options);
        events.add(new Events(kernel));
        takeovers++;
      }

      try (var last = kernel) {
        assertThat(takeovers).isPositive();
        if (way != null) {
          assertThat(last.processHooks().fork()).isEqualTo(way);
          assertThat(last.processHooks().exit()).isEqualTo(way);
        }
        assertThat(last.processTotals(id)).isEqualTo(new ProcessTotals(runs, runs, runs + 1));
        assertThat(last.drops()).allSatisfy((cause, lost) -> assertThat(lost).as(cause).isZero());
        await()
            .untilAsserted(() -> {
              assertThat(told(events, KernelRecord.Fork.class, id)).isEqualTo(runs);
              assertThat(told(events, KernelRecord.Exec.class, id)).isEqualTo(runs);
              assertThat(told(events, KernelRecord.Exit.class, id)).isEqualTo(runs + 1);
            });
      }
    } finally {
      Files.delete(cgroup);
    }
  }

  private static long told(List<Events> events, Class<? extends KernelRecord> kind, long cgroup) {
    return events.stream()
        .flatMap(reader -> reader.all().stream())
        .filter(kind::isInstance)
        .filter(record -> record.header().cgroup() == cgroup)
        .count();
  }

  @Test
  void aPolicyGoesOnWithoutAnAgentAndItsProgramIsAdopted() throws Exception {
    var first = fixture.open();
    first.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
    int program = fixture.programIn(0);
    int set = fixture.setWithId(0);
    first.close();

    assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);

    try (var second = fixture.open()) {
      assertThat(second.policies())
          .hasEntrySatisfying("a", held -> assertThat(held.complete()).isTrue());
      second.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
      assertThat(fixture.programIn(0)).isEqualTo(program);
      // The set that was found is shared with a policy that comes later, and goes with the last.
      second.apply(Plans.policy("b", 1, Plans.watchWritesTo(0, ledger)), PolicyTotals.NONE);
      assertThat(fixture.setWithId(0)).isEqualTo(set);
      assertThat(fixture.setWithId(1)).isEqualTo(set);
      second.remove("a");
      assertThat(fixture.setWithId(0)).isZero();
      assertThat(fixture.setWithId(1)).isEqualTo(set);
      second.remove("b");
      assertThat(fixture.setWithId(1)).isZero();
    }
  }

  @Test
  void valuesLeftFarAboveAllOthersDoNotMixWithThoseThatComeToTheirPlace() throws Exception {
    fixture.open().close();
    int far = 17;
    fixture.leaveSmallTexts(far);

    try (var next = fixture.open()) {
      assertThat(fixture.setWithId(far)).isNotZero();
      var longNames = IntStream.rangeClosed(0, far).mapToObj(i -> "/" + "l".repeat(100) + i);
      next.apply(Plans.policy("a", 1, Plans.hooksOnFiles(longNames.toList())), PolicyTotals.NONE);
      assertThat(fixture.setWithId(far)).isZero(); // its texts are on the shelf of longer ones
    }
  }

  @Test
  void whatAnAgentDidNotFinishIsToldAndDoneAgain() throws Exception {
    var plan = Plans.policy("a", 1, Plans.killWritesTo(0, ledger));
    var first = fixture.open();
    first.apply(plan, PolicyTotals.NONE);
    int program = fixture.programIn(0);
    first.close();
    fixture.unsayLoaded(0); // as if it had ended between the program and the last step

    try (var second = fixture.open()) {
      assertThat(second.policies())
          .hasEntrySatisfying("a", held -> assertThat(held.complete()).isFalse());
      second.apply(plan, PolicyTotals.NONE);
      assertThat(second.policies())
          .hasEntrySatisfying("a", held -> assertThat(held.complete()).isTrue());
      assertThat(fixture.programIn(0)).isNotZero().isNotEqualTo(program);
      assertThat(fixture.setWithId(0)).isZero();
      assertThat(fixture.setWithId(1)).isNotZero();
      assertThat(fixture.setWithId(2)).isZero();
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
    }
  }

  @Test
  void recordsThatNobodyReadAreReadByTheNextAgent() throws Exception {
    var first = fixture.open();
    first.apply(Plans.policy("a", 5, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
    first.close();
    Shell.write(ledger);

    try (var second = fixture.open();
        var events = new Events(second)) {
      await().untilAsserted(() -> assertThat(events.hooks()).hasSize(1));
      assertThat(events.hooks().getFirst().policy()).isEqualTo("a");
      assertThat(events.hooks().getFirst().version()).isEqualTo(5);
    }
  }

  @Test
  void descendantsStayFollowed() throws Exception {
    var me = Math.toIntExact(ProcessHandle.current().pid());
    var plan = Plans.policy("a", 1, Plans.killWritesOfStrangersTo(0, ledger, me));
    var first = fixture.open();
    first.apply(plan, PolicyTotals.NONE);
    first.close();

    try (var second = fixture.open()) {
      second.apply(plan, PolicyTotals.NONE);
      assertThat(Shell.write(ledger).exitCode()).isZero();
      second.remove("a");
    }
  }

  @Test
  void descendantsOfAnExecutableStayFollowedAndRangesKnown() throws Exception {
    var java =
        Path.of(ProcessHandle.current().info().command().orElseThrow()).toRealPath().toString();
    var folder = java.substring(0, java.length() - 4);
    var wide = Plans.policy("a", 1, Plans.killWritesOfStrangersTo(0, ledger, folder));
    var narrow = Plans.policy("b", 1, Plans.killWritesOfStrangersTo(0, ledger, java));
    var first = fixture.open();
    first.apply(wide, PolicyTotals.NONE);
    first.apply(narrow, PolicyTotals.NONE);
    var programs = List.of(fixture.programIn(0), fixture.programIn(1));
    first.close();

    try (var second = fixture.open()) {
      second.apply(narrow, PolicyTotals.NONE);
      second.apply(wide, PolicyTotals.NONE);
      assertThat(List.of(fixture.programIn(0), fixture.programIn(1))).isEqualTo(programs);
      assertThat(Shell.write(ledger).exitCode()).isZero();
      second.remove("b");
      assertThat(Shell.write(ledger).exitCode()).isZero();
      second.remove("a");
    }
  }

  @Test
  void anotherProgramFileLoadsEqualPlansAnew() throws Exception {
    var plan = Plans.policy("a", 1, Plans.killWritesTo(0, ledger));
    var first = fixture.open();
    first.apply(plan, PolicyTotals.NONE);
    int program = fixture.programIn(0);
    first.close();

    var newer = Arrays.copyOf(policyObject(), policyObject().length + 8);
    try (var second = PinnedKernel.open(fixture.options, newer)) {
      second.apply(plan, PolicyTotals.NONE);
      assertThat(fixture.programIn(0)).isNotZero().isNotEqualTo(program);
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
    }
  }

  @Test
  void aProgramThatTheVerifierRefusesLeavesWhatWasThere() throws Exception {
    var first = fixture.open();
    first.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
    int program = fixture.programIn(0);
    first.close();

    try (var second = PinnedKernel.open(fixture.options, broken(policyObject()))) {
      var edited = Plans.policy("a", 2, Plans.killWritesTo(0, dir.resolve("other")));
      assertThatThrownBy(() -> second.apply(edited, PolicyTotals.NONE))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("bpf_object__load")
          .hasMessageContaining("unknown opcode");
      var added = Plans.policy("b", 1, Plans.killWritesTo(0, dir.resolve("more")));
      assertThatThrownBy(() -> second.apply(added, PolicyTotals.NONE))
          .isInstanceOf(BpfException.class);

      assertThat(second.policies()).containsOnlyKeys("a");
      assertThat(second.policies())
          .hasEntrySatisfying(
              "a",
              held -> {
                assertThat(held.complete()).isTrue();
                assertThat(held.generation()).isEqualTo(1);
              });
      assertThat(fixture.programIn(0)).isEqualTo(program);
      assertThat(fixture.setWithId(1)).isZero();
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
    }
  }

  @Test
  void anotherRingSizeBeginsAnewAndEndsWhatWasThere() throws Exception {
    var first = fixture.open();
    first.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
    var old = fixture.objects();
    first.close();

    var options = new KernelOptions(fixture.options.folder(), 2 * fixture.options.ringBytes());
    try (var second = SkepKernels.open(options)) {
      assertThat(second.policies()).isEmpty();
      // The kernel lets go of a program a moment after its link has no name any more.
      await().untilAsserted(() -> assertThat(Shell.write(ledger).exitCode()).isZero());
      second.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      assertGone(old);
    }
  }

  @Test
  void detachLeavesNothingInTheKernel() throws Exception {
    var kernel = fixture.open();
    kernel.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
    var objects = fixture.objects();
    assertThat(objects).hasSizeGreaterThan(20).contains("prog id " + fixture.programIn(0));

    kernel.detach();

    assertThat(fixture.options.folder()).doesNotExist();
    assertGone(objects);
    assertThat(Shell.write(ledger).exitCode()).isZero();
  }

  @Test
  void cleanupRemovesWhatAnAgentLeft() throws Exception {
    var kernel = fixture.open();
    kernel.apply(Plans.policy("a", 1, Plans.killWritesTo(0, ledger)), PolicyTotals.NONE);
    var objects = fixture.objects();
    assertThatThrownBy(() -> SkepKernels.cleanup(fixture.options.folder()))
        .hasMessageContaining("in use by process");
    kernel.close();

    assertThat(SkepKernels.cleanup(fixture.options.folder())).isTrue();

    assertThat(fixture.options.folder()).doesNotExist();
    assertGone(objects);
    assertThat(SkepKernels.cleanup(fixture.options.folder())).isFalse();
  }

  /** By bpftool: the kernel frees programs and maps a little after their last user is gone. */
  private static void assertGone(List<String> objects) {
    await()
        .atMost(Duration.ofMinutes(3)) // an emulated machine needs half of one to ask for all
        .untilAsserted(() ->
            assertThat(objects)
                .allSatisfy(object ->
                    assertThat(Shell.run("bpftool " + object.replace(" id", " show id")))
                        .as(object)
                        .matches(shown -> shown.exitCode() != 0)));
  }

  private static byte[] policyObject() {
    return Programs.POLICY.bytes();
  }

  /** The same object with an instruction that no kernel knows as the first of each program. */
  private static byte[] broken(byte[] object) {
    // r6 = r1, with which the compiled program begins: opcode 0xbf, registers 0x16.
    byte[] first = {(byte) 0xbf, 0x16, 0, 0, 0, 0, 0, 0};
    var broken = object.clone();
    IntStream.iterate(0, at -> at + 8 <= object.length, at -> at + 8)
        .filter(at -> Arrays.equals(object, at, at + 8, first, 0, 8))
        .forEach(at -> broken[at] = (byte) 0xee);
    assertThat(broken).isNotEqualTo(object);
    return broken;
  }
}
