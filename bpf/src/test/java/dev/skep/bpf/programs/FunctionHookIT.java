package dev.skep.bpf.programs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Action;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.KernelRecord.Return;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.OnlyInVm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What hooks on functions of the kernel see of their arguments, and do to who calls them. */
@NeedsKernel
@NeedsPolicies
@OnlyInVm("a kernel that takes kprobes")
class FunctionHookIT {
  private static final int SIGKILL = 9;
  private static final int MAY_WRITE = 2;
  private static final int EPERM = -1;
  private static final int EACCES = -13;
  private static final int WRITE = 1;
  private static final int CHAIN_MAX = 32;

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
  void aForbiddenWriteIsKilledWhateverCallItCameBy() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    var other = folder.resolve("other");
    node.enforce("kill", writesTo(ledger));

    var killed = Trigger.run("open", ledger, "write", "lost");
    var byShell = shell("echo lost >>" + ledger);
    var byCopy = shell("echo lost | dd status=none conv=notrunc of=" + ledger);
    var reader = shell("cat " + ledger);
    var allowed = Trigger.run("open", other, "write", "kept");

    assertThat(List.of(killed.code(), byShell, byCopy)).containsOnly(128 + SIGKILL);
    assertThat(List.of(reader, allowed.code())).containsOnly(0);
    assertThat(other).hasContent("kept");
    var events = node.records(Hook.class, killed.pid());
    assertThat(events)
        .singleElement()
        .satisfies(hook -> {
          assertThat(hook.action()).isEqualTo(Action.SIGNAL);
          assertThat(hook.arguments().getFirst().bytes()).asString().isEqualTo(ledger.toString());
          assertThat(hook.arguments().get(1).value()).isEqualTo(MAY_WRITE);
        });
    assertThat(node.kernel().totals("kill").hooks())
        .containsExactly(new HookTotals(0, 3, 0, 3, 0, 0));
    assertThat(ledger).hasContent("keep");
  }

  @Test
  void aForbiddenProgramIsKilledBeforeItsFirstInstruction() throws Exception {
    var forbidden = Files.copy(Path.of("/bin/touch"), folder.resolve("forbidden"));
    var made = folder.resolve("made");
    node.enforce(
        "exec",
        function(
            "security_bprm_check",
            List.of(new ArgumentPlan(ArgumentKind.BINPRM, 0, 0)),
            killing(0, new Matching.TextOneOf(Set.of(forbidden.toString())))));

    assertThat(shell("cd " + folder + " && exec ./forbidden " + made)).isEqualTo(128 + SIGKILL);
    assertThat(shell("touch " + made + "-2")).isZero();

    assertThat(made).doesNotExist();
    assertThat(made.resolveSibling("made-2")).exists();
  }

  @Test
  void textsOfTheKernelPathsNamesAndNumbersAreRead() throws Exception {
    var at = Files.createDirectory(folder.resolve("at"));
    var gone = Files.writeString(folder.resolve("gone"), "");
    node.enforce(
        "mounts",
        function(
            "security_sb_mount",
            List.of(
                new ArgumentPlan(ArgumentKind.STRING, 0, 0),
                new ArgumentPlan(ArgumentKind.PATH, 1, 0),
                new ArgumentPlan(ArgumentKind.STRING, 2, 0),
                new ArgumentPlan(ArgumentKind.SIZE, 3, 0))));
    node.enforce(
        "unlinks",
        function("security_inode_unlink", List.of(new ArgumentPlan(ArgumentKind.DENTRY, 1, 0))),
        new HookPlan(
            1,
            new Place.Function("do_unlinkat"),
            true,
            List.of(
                new ArgumentPlan(ArgumentKind.INT, 0, 0),
                new ArgumentPlan(ArgumentKind.FILENAME, 1, 0)),
            List.of()));

    var mounts = Trigger.run("own-mounts", "tmpfs", at);
    var unlinks = Trigger.run("unlink", gone);
    var nowhere = Trigger.run("unlink", "/nowhere");

    assertThat(node.records(Hook.class, mounts.pid()))
        .last()
        .satisfies(
            hook -> assertThat(texts(hook)).containsExactly("none", at.toString(), "tmpfs", "0"));
    assertThat(node.records(Hook.class, unlinks.pid()))
        .extracting(FunctionHookIT::texts)
        .containsExactly(List.of("-100", gone.toString()), List.of(belowItsFileSystem(gone)));
    assertThat(node.records(Return.class, unlinks.pid()))
        .extracting(Return::value)
        .containsExactly(0L);
    assertThat(nowhere.last()).isEqualTo(-2);
    assertThat(node.records(Return.class, nowhere.pid()))
        .extracting(returned -> (int) returned.value()) // what the function returns is an int
        .containsExactly(-2);
  }

  @Test
  void aCallThatIsOverriddenIsNotCarriedOutAndItsProcessLivesOn() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    var forbidden = Files.copy(Path.of("/bin/touch"), folder.resolve("forbidden"));
    var made = folder.resolve("made");
    node.enforce(
        "override",
        refusing("security_file_open", ArgumentKind.FILE, 0, ledger, EACCES),
        at(1, refusing("security_bprm_check", ArgumentKind.BINPRM, 0, forbidden, EPERM)));

    var refused = Trigger.run("open", ledger, "getppid");
    var others = Trigger.run("open", folder.resolve("other"), "getppid");
    var executed = shell(forbidden + " " + made + " 2>/dev/null");
    var through =
        shell("for i in {1..500}; do : <%s && exit 7; done 2>/dev/null; :".formatted(ledger));

    assertThat(refused.answers().getFirst()).isEqualTo(EACCES);
    assertThat(refused.code()).isZero();
    assertThat(others.answers().getFirst()).isZero();
    assertThat(executed).isEqualTo(126);
    assertThat(made).doesNotExist();
    assertThat(through).isNotEqualTo(7);
    assertThat(node.records(Hook.class, refused.pid()))
        .singleElement()
        .satisfies(hook -> {
          assertThat(hook.action()).isEqualTo(Action.OVERRIDE);
          assertThat(hook.signal()).isZero();
        });
    assertThat(node.kernel().totals("override").hooks())
        .startsWith(new HookTotals(0, 501, 0, 501, 0, 0), new HookTotals(1, 1, 0, 1, 0, 0));
    assertThat(links()).filteredOn(name -> name.startsWith("override")).hasSize(2);
    node.kernel().remove("override");
    assertThat(links()).isEmpty();
    assertThat(Trigger.run("open", ledger).answers().getFirst()).isZero();
  }

  @Test
  void inMonitorModeWhatWouldBeOverriddenIsCarriedOutAndTold() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    node.monitor("monitor", refusing("security_file_open", ArgumentKind.FILE, 0, ledger, EACCES));

    var allowed = Trigger.run("open", ledger);

    assertThat(allowed.answers().getFirst()).isZero();
    assertThat(node.records(Hook.class, allowed.pid()))
        .extracting(Hook::action)
        .containsExactly(Action.WOULD_OVERRIDE);
    assertThat(node.kernel().totals("monitor").hooks())
        .containsExactly(new HookTotals(0, 1, 0, 0, 1, 0));
  }

  @Test
  void aCallCanBeOverriddenAndItsProcessKilled() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    var file = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(ledger.toString())));
    node.enforce(
        "both",
        function(
            "security_file_open",
            List.of(new ArgumentPlan(ArgumentKind.FILE, 0, 0)),
            new SelectorPlan(List.of(), List.of(file), true, SIGKILL, null, EPERM)));

    // Emptying the file is what a signal alone would come too late for.
    assertThat(shell(": >" + ledger)).isEqualTo(128 + SIGKILL);
    assertThat(ledger.toFile()).hasSize(4);
    assertThat(node.kernel().totals("both").hooks())
        .containsExactly(new HookTotals(0, 1, 0, 1, 0, 0));
  }

  @Test
  void whatTheKernelLetsNobodyOverrideIsRefused() {
    assertThatThrownBy(() ->
            node.enforce("no", refusing("do_unlinkat", ArgumentKind.FILENAME, 1, folder, EPERM)))
        .hasMessageContaining("nobody override what do_unlinkat returns")
        .hasMessageContaining("security_");
    assertThat(node.records()).isNotEmpty();
  }

  @Test
  void asManyPoliciesOnOneFunctionAsAChainHasAreAllAsked() throws Exception {
    var file = folder.resolve("file");
    for (int i = 0; i < CHAIN_MAX; i++) {
      node.enforce("policy-" + i, function("do_unlinkat", List.of()));
    }

    Trigger.run("unlink", file);

    for (int i = 0; i < CHAIN_MAX; i++) {
      assertThat(node.kernel().totals("policy-" + i).hooks())
          .containsExactly(new HookTotals(0, 1, 0, 0, 0, 0));
    }
    assertThatThrownBy(() -> node.enforce("more", function("do_unlinkat", List.of())))
        .hasMessageContaining("function do_unlinkat would have 33 hooks");
  }

  @Test
  void aHookMovesFromASystemCallToAFunctionAndBack() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    for (int turn = 0; turn < 3; turn++) {
      node.enforce("moving", writesTo(ledger));
      assertThat(Trigger.run("open", ledger, "write", "lost").code()).isEqualTo(128 + SIGKILL);
      node.enforce(
          "moving",
          TestNode.hook(
              WRITE,
              List.of(new ArgumentPlan(ArgumentKind.FD, 0, 0)),
              killing(0, new Matching.TextOneOf(Set.of(ledger.toString())))));
      assertThat(Trigger.run("open", ledger, "write", "lost").code()).isEqualTo(128 + SIGKILL);
    }
    assertThat(node.kernel().policies().values()).allMatch(policy -> policy.complete());
    assertThat(node.kernel().totals("moving").hooks())
        .containsExactly(new HookTotals(0, 6, 0, 6, 0, 0));
    assertThat(ledger).hasContent("keep");
  }

  @Test
  void oneHookOnManyFunctionsTellsWhichItWas() throws Exception {
    var file = Files.writeString(folder.resolve("file"), "");
    var at = Files.createDirectory(folder.resolve("at"));
    node.enforce(
        "many",
        new HookPlan(
            0,
            new Place.Functions(Set.of("do_unlinkat", "do_rmdir", "security_file_open")),
            false,
            List.of(),
            List.of()));

    var gone = Trigger.run("unlink", file, "rmdir", at);

    assertThat(node.records(Hook.class, gone.pid()))
        .extracting(Hook::function)
        .containsSubsequence("do_unlinkat", "do_rmdir");
    assertThat(node.kernel().policies().values()).allMatch(policy -> policy.complete());
    assertThat(links()).hasSize(3);
    node.enforce("many", function("do_rmdir", List.of()));
    assertThat(links()).hasSize(1);
    node.kernel().remove("many");
    assertThat(links()).isEmpty();
  }

  @Test
  void nothingIsLeftOfAFunctionThatNobodyWatches() throws Exception {
    node.enforce("one", function("do_unlinkat", List.of()));
    node.enforce("two", function("do_unlinkat", List.of()));

    node.kernel().remove("one");
    assertThat(links()).containsExactly("dispatch_function_512");
    node.kernel().remove("two");

    assertThat(links()).isEmpty();
    assertThat(node.kernel().policies()).isEmpty();
  }

  @Test
  void aFunctionThatTheKernelLacksIsNamedAndNothingChanges() throws Exception {
    var ledger = Files.writeString(folder.resolve("ledger"), "keep");
    node.enforce("kill", writesTo(ledger));

    assertThatThrownBy(() ->
            node.enforce(
                "kill",
                writesTo(ledger),
                new HookPlan(
                    1, new Place.Function("no_such_function"), false, List.of(), List.of())))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("function no_such_function of the kernel cannot be watched");

    assertThat(Trigger.run("open", ledger, "write", "lost").code()).isEqualTo(128 + SIGKILL);
    assertThat(links()).containsExactly("dispatch_function_512");
  }

  private static HookPlan writesTo(Path file) {
    return function(
        "security_file_permission",
        List.of(
            new ArgumentPlan(ArgumentKind.FILE, 0, 0), new ArgumentPlan(ArgumentKind.INT, 1, 0)),
        new SelectorPlan(
            List.of(),
            List.of(),
            List.of(
                new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file.toString()))),
                new ArgumentFilter(1, false, new Matching.AnyBit(MAY_WRITE))),
            true,
            SIGKILL));
  }

  private static HookPlan function(
      String name, List<ArgumentPlan> arguments, SelectorPlan... selectors) {
    return new HookPlan(0, new Place.Function(name), false, arguments, List.of(selectors));
  }

  /** Of calls that name this file. */
  private static HookPlan refusing(
      String function, ArgumentKind kind, int index, Path file, int error) {
    var filter = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file.toString())));
    return function(
        function,
        List.of(new ArgumentPlan(kind, index, 0)),
        new SelectorPlan(List.of(), List.of(filter), true, 0, null, error));
  }

  private static HookPlan at(int index, HookPlan hook) {
    return new HookPlan(
        index, hook.place(), hook.wantsReturn(), hook.arguments(), hook.selectors());
  }

  private static SelectorPlan killing(int argument, Matching matching) {
    return new SelectorPlan(
        List.of(),
        List.of(),
        List.of(new ArgumentFilter(argument, false, matching)),
        true,
        SIGKILL);
  }

  private static List<String> texts(Hook hook) {
    return hook.arguments().stream().map(FunctionHookIT::text).toList();
  }

  private static String text(KernelRecord.Argument argument) {
    return switch (argument.kind()) {
      case FD, STRING, CHAR_BUF, FILE, PATH, DENTRY, BINPRM, FILENAME ->
          new String(argument.bytes(), UTF_8);
      default -> Long.toString(argument.value());
    };
  }

  /** What findmnt says of the file system that it is in is not part of the path. */
  private String belowItsFileSystem(Path file) throws Exception {
    var top = Path.of(Tool.output("stat", "-c", "%m", folder).strip());
    return "/" + top.relativize(file);
  }

  private List<String> links() throws IOException {
    try (var links = Files.walk(Path.of(node.kernel().folder()).resolve("links"))) {
      return links
          .map(link -> String.valueOf(link.getFileName()))
          .filter(name -> name.matches("(dispatch|override)_.*[0-9]+"))
          .toList();
    }
  }

  private static int shell(String command) throws IOException, InterruptedException {
    return new ProcessBuilder("bash", "-c", command + "; exit $?").inheritIO().start().waitFor();
  }
}
