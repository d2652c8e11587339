package dev.skep.bpf.programs;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord.Action;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.OnlyInVm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What policies see, and forbid, at hooks of the kernel's security modules. */
@NeedsKernel
@NeedsPolicies
@OnlyInVm("a kernel that asks programs on LSM hooks")
class LsmHookIT {
  private static final int SIGKILL = 9;
  private static final int EPERM = -1;
  private static final int EACCES = -13;
  private static final int EAGAIN = -11;
  private static final int CHAIN_MAX = 32;
  private static final int ATTACKERS = 8;
  private static final int ATTACKS = 200;

  private TestNode node;
  @TempDir private Path folder;

  @BeforeEach
  void load() throws BpfException, IOException {
    node = new TestNode();
    folder = folder.toRealPath();
  }

  @AfterEach
  void unload() throws BpfException {
    node.close();
  }

  @Test
  void aForbiddenProgramIsNotExecutedAndAForbiddenFileNotOpened() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    var forbidden = Files.copy(Path.of("/bin/touch"), folder.resolve("forbidden"));
    var made = folder.resolve("made");
    node.enforce(
        "refuse",
        refusing(0, "bprm_check_security", ArgumentKind.BINPRM, forbidden, EPERM),
        refusing(1, "file_open", ArgumentKind.FILE, ledger, EACCES));

    var executed = shell(forbidden + " " + made + " 2>/dev/null");
    var opened = Trigger.run("open", ledger, "getppid");
    var other = Trigger.run("open", folder.resolve("other"), "getppid");

    assertThat(executed).isEqualTo(126);
    assertThat(made).doesNotExist();
    assertThat(opened.answers().getFirst()).isEqualTo(EACCES);
    assertThat(opened.code()).isZero();
    assertThat(other.answers().getFirst()).isZero();
    assertThat(node.records(Hook.class, opened.pid()))
        .singleElement()
        .satisfies(hook -> {
          assertThat(hook.action()).isEqualTo(Action.OVERRIDE);
          assertThat(hook.arguments().getFirst().bytes()).asString().isEqualTo(ledger.toString());
        });
    assertThat(node.kernel().totals("refuse").hooks())
        .containsExactly(new HookTotals(0, 1, 0, 1, 0, 0), new HookTotals(1, 1, 0, 1, 0, 0));
    assertThat(node.kernel().policies().values()).allMatch(policy -> policy.complete());
  }

  @Test
  void inMonitorModeItIsOnlyTold() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    node.monitor("monitor", refusing(0, "file_open", ArgumentKind.FILE, ledger, EACCES));

    var allowed = Trigger.run("open", ledger);

    assertThat(allowed.answers().getFirst()).isZero();
    assertThat(node.records(Hook.class, allowed.pid()))
        .extracting(Hook::action)
        .containsExactly(Action.WOULD_OVERRIDE);
    assertThat(node.kernel().totals("monitor").hooks())
        .containsExactly(new HookTotals(0, 1, 0, 0, 1, 0));
  }

  @Test
  void aProcessIsKilledAndWhatItAskedForRefused() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    var other = Files.writeString(folder.resolve("other"), "keep");
    node.enforce("kill", acting(0, "file_open", ArgumentKind.FILE, other, SIGKILL, 0));
    node.enforce("both", acting(0, "file_open", ArgumentKind.FILE, ledger, SIGKILL, EPERM));

    assertThat(Trigger.run("open", other, "write", "lost").code()).isEqualTo(128 + SIGKILL);
    assertThat(shell(": >" + ledger)).isEqualTo(128 + SIGKILL);

    assertThat(other.toFile()).hasSize(4); // who reads it is killed
    assertThat(ledger.toFile()).hasSize(4); // emptied when it is opened, but that was refused
    assertThat(node.kernel().totals("both").hooks())
        .containsExactly(new HookTotals(0, 1, 0, 1, 0, 0));
  }

  @Test
  void whateverItsPlaceInAChainAPolicyRefuses() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    var second = Files.writeString(folder.resolve("second"), "keep");
    node.enforce("first", refusing(0, "file_open", ArgumentKind.FILE, ledger, EACCES));
    for (int i = 2; i < CHAIN_MAX; i++) {
      node.enforce("policy-" + i, watching(0, "file_open"));
    }
    node.enforce("last", refusing(0, "file_open", ArgumentKind.FILE, second, EPERM));

    var opened = Trigger.run("open", ledger, "open", second);

    assertThat(opened.answers()).startsWith((long) EACCES, (long) EPERM);
    for (int i = 2; i < CHAIN_MAX; i++) {
      var policy = "policy-" + i;
      assertThat(node.records(Hook.class, opened.pid()))
          .filteredOn(hook -> hook.policy().equals(policy))
          .hasSizeGreaterThanOrEqualTo(2);
    }
    assertThatThrownBy(() -> node.enforce("more", watching(0, "file_open")))
        .hasMessageContaining("LSM hook file_open would have 33 hooks");
    node.kernel().remove("first");
    assertThat(Trigger.run("open", ledger, "open", second).answers()).startsWith(0L, (long) EPERM);
  }

  @Test
  void aPolicyCanHaveAHookTwiceAndAskWhoCalls() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    var bash = Path.of("/bin/bash").toRealPath().toString();
    var toLedger = new ArgumentFilter(0, false, new Matching.TextPrefix(Set.of(ledger.toString())));
    var strangers = new BinaryFilter(true, Set.of(bash));
    node.enforce(
        "twice",
        refusing(0, "file_open", ArgumentKind.FILE, folder.resolve("no"), EPERM),
        new HookPlan(
            1,
            new Place.LsmHook("file_open"),
            false,
            List.of(new ArgumentPlan(ArgumentKind.FILE, 0, 0)),
            List.of(
                new SelectorPlan(List.of(strangers), List.of(toLedger), true, 0, null, EACCES))));

    assertThat(Trigger.run("open", ledger).answers()).startsWith((long) EACCES);
    assertThat(shell("read line <" + ledger + "; [[ $line == keep ]]")).isZero();
    assertThat(Trigger.run("open", folder.resolve("no")).answers()).startsWith((long) EPERM);
  }

  @Test
  void manyAttackersAtOnceGetNothingThrough() throws Exception {
    var forbidden = Files.copy(Path.of("/bin/touch"), folder.resolve("forbidden"));
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    var made = folder.resolve("made");
    node.enforce(
        "refuse",
        refusing(0, "bprm_check_security", ArgumentKind.BINPRM, forbidden, EPERM),
        refusing(1, "file_open", ArgumentKind.FILE, ledger, EACCES));
    var attackers = new ArrayList<Process>();
    for (int i = 0; i < ATTACKERS; i++) {
      attackers.add(
          bash(
              """
              exec 2>/dev/null
              for i in {1..%d}; do : <%s && exit 7; done
              for i in {1..20}; do %s %s && exit 7; done
              :\
              """
                  .formatted(ATTACKS, ledger, forbidden, made)));
    }
    for (var attacker : attackers) {
      assertThat(attacker.waitFor()).isNotEqualTo(7);
    }

    assertThat(made).doesNotExist();
    assertThat(node.kernel().totals("refuse").hooks())
        .containsExactly(
            new HookTotals(0, ATTACKERS * 20, 0, ATTACKERS * 20, 0, 0),
            new HookTotals(1, ATTACKERS * ATTACKS, 0, ATTACKERS * ATTACKS, 0, 0));
    assertThat(node.kernel().drops())
        .containsEntry("scratch_full", 0L)
        .containsEntry("chain_cut", 0L);
  }

  @Test
  void withoutAFreeSpaceWhatMightBeRefusedIsRefusedAndCounted() throws Exception {
    var one = Files.createDirectory(folder.resolve("one"));
    var none = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of("/none")));
    var hook =
        new HookPlan(
            0,
            new Place.LsmHook("inode_rmdir"),
            false,
            List.of(new ArgumentPlan(ArgumentKind.DENTRY, 1, 0)),
            List.of(new SelectorPlan(List.of(), List.of(none), true, 0, null, EACCES)));
    node.enforce("refuse", hook);

    occupy(1);
    var refused = Trigger.run("rmdir", one);
    long dropped = node.kernel().drops().getOrDefault("scratch_full", 0L);
    node.monitor("refuse", hook);
    var monitored = Trigger.run("rmdir", one);
    node.enforce("refuse", hook);
    occupy(0);
    var free = Trigger.run("rmdir", Files.createDirectory(one));

    assertThat(refused.answers()).startsWith((long) EAGAIN);
    assertThat(dropped).isEqualTo(1);
    assertThat(monitored.answers()).startsWith(0L);
    assertThat(free.answers()).startsWith(0L);
  }

  /** Makes all spaces somebody's, or nobody's: struct chain's owner. */
  private void occupy(long owner) throws Exception {
    long at = ownerInChain();
    try (var chains = KernelMap.pinned(Path.of(node.kernel().folder(), "maps", "claimed_chains"));
        var arena = Arena.ofConfined()) {
      var chain = arena.allocate(chains.valueSize(), Long.BYTES);
      chain.set(JAVA_LONG, at, owner);
      for (int space = 0; space < chains.maxEntries(); space++) {
        chains.put(space, chain);
      }
    }
  }

  private static long ownerInChain() throws Exception {
    try (var in =
            Objects.requireNonNull(
                Structs.class.getResourceAsStream("/dev/skep/bpf/lsmhooks.bpf.o"));
        var object = BpfObject.open(in.readAllBytes(), "lsmhooks")) {
      return Objects.requireNonNull(
          object.btf().struct("chain").orElseThrow().offsets().get("owner"));
    }
  }

  @Test
  void aHookMovesBetweenPlacesAndNothingIsLeftOfThoseThatNobodyWatches() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    for (int turn = 0; turn < 3; turn++) {
      node.enforce("moving", refusing(0, "file_open", ArgumentKind.FILE, ledger, EACCES));
      assertThat(Trigger.run("open", ledger).answers()).startsWith((long) EACCES);
      var elsewhere = refusing(0, "file_open", ArgumentKind.FILE, ledger, EPERM);
      node.enforce(
          "moving",
          new HookPlan(
              0,
              new Place.Function("security_file_open"),
              false,
              elsewhere.arguments(),
              elsewhere.selectors()));
      assertThat(Trigger.run("open", ledger).answers()).startsWith((long) EPERM);
      assertThat(pins()).isEmpty();
    }
    node.enforce("one", watching(0, "file_open"), watching(1, "bprm_check_security"));
    node.enforce("two", watching(0, "file_open"));
    node.kernel().remove("one");
    assertThat(pins()).hasSize(2);
    node.kernel().remove("two");

    assertThat(pins()).isEmpty();
    assertThat(Trigger.run("open", ledger).answers()).startsWith((long) EPERM);
  }

  @Test
  void aHookThatTheKernelLacksIsNamedAndNothingChanges() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    node.enforce("refuse", refusing(0, "file_open", ArgumentKind.FILE, ledger, EACCES));

    assertThatThrownBy(() ->
            node.enforce(
                "refuse",
                refusing(0, "file_open", ArgumentKind.FILE, ledger, EPERM),
                watching(1, "no_such_hook")))
        .hasMessageContaining("no_such_hook");

    assertThat(Trigger.run("open", ledger).answers()).startsWith((long) EACCES);
    assertThat(pins()).hasSize(2);
  }

  private static HookPlan watching(int index, String hook) {
    return new HookPlan(index, new Place.LsmHook(hook), false, List.of(), List.of());
  }

  private static HookPlan refusing(
      int index, String hook, ArgumentKind kind, Path file, int error) {
    return acting(index, hook, kind, file, 0, error);
  }

  /** On calls whose first argument is this file. */
  private static HookPlan acting(
      int index, String hook, ArgumentKind kind, Path file, int signal, int error) {
    var filter = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file.toString())));
    return new HookPlan(
        index,
        new Place.LsmHook(hook),
        false,
        List.of(new ArgumentPlan(kind, 0, 0)),
        List.of(new SelectorPlan(List.of(), List.of(filter), true, signal, null, error)));
  }

  /** Links of dispatchers on LSM hooks, and arrays of the programs there, by name. */
  private List<String> pins() throws IOException {
    try (var pins = Files.walk(Path.of(node.kernel().folder()))) {
      return pins.map(pin -> String.valueOf(pin.getFileName()))
          .filter(name -> name.startsWith("dispatch_lsm") || name.startsWith("lsm_programs"))
          .toList();
    }
  }

  private static Process bash(String command) throws IOException {
    return new ProcessBuilder("bash", "-c", command + "; exit $?").inheritIO().start();
  }

  private static int shell(String command) throws IOException, InterruptedException {
    return bash(command).waitFor();
  }
}
