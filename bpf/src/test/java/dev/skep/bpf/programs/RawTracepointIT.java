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
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelFunction.Parameter;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.libbpf.KernelTypes;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What hooks on raw tracepoints see, and do to who comes by. */
@NeedsKernel
@NeedsPolicies
class RawTracepointIT {
  private static final Place EXEC = new Place.RawTracepoint("sched_process_exec");
  private static final Place RENAME = new Place.RawTracepoint("task_rename");
  private static final Place SWITCH = new Place.RawTracepoint("sched_switch");
  private static final ArgumentPlan PROGRAM = new ArgumentPlan(ArgumentKind.BINPRM, 2, 0);
  private static final ArgumentPlan NAME = new ArgumentPlan(ArgumentKind.STRING, 1, 0);
  private static final int SIGKILL = 9;

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @AfterEach
  void remove() throws BpfException {
    for (var uid : node.kernel().policies().keySet()) {
      node.kernel().remove(uid);
    }
  }

  @Test
  void whatTheKernelGivesATracepointIsKnown() throws BpfException {
    try (var types = KernelTypes.load()) {
      assertThat(types.rawTracepoint("task_rename"))
          .isEqualTo(
              new KernelFunction.Typed(
                  List.of(new Parameter.Pointer("task_struct"), new Parameter.Text()), false));
      assertThat(((KernelFunction.Typed) types.rawTracepoint("sched_process_exec")).parameters())
          .element(2)
          .isEqualTo(new Parameter.Pointer("linux_binprm"));
      assertThat(types.rawTracepoint("no_such")).isEqualTo(new KernelFunction.Missing());
    }
  }

  @Test
  void aForbiddenProgramIsKilledBeforeItsFirstInstruction(@TempDir Path folder) throws Exception {
    var forbidden = Files.copy(Path.of("/bin/touch"), folder.toRealPath().resolve("forbidden"));
    var made = folder.resolve("made");
    var filter = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(forbidden.toString())));
    node.enforce(
        "exec",
        hook(
            EXEC,
            List.of(PROGRAM),
            new SelectorPlan(List.of(), List.of(), List.of(filter), true, SIGKILL)));

    for (int i = 0; i < 20; i++) {
      assertThat(shell(forbidden + " " + made)).isEqualTo(128 + SIGKILL);
    }
    assertThat(shell("touch " + made + "-2")).isZero();

    assertThat(made).doesNotExist();
    assertThat(made.resolveSibling("made-2")).exists();
    assertThat(node.records().stream().filter(Hook.class::isInstance).map(Hook.class::cast))
        .filteredOn(hook -> hook.policy().equals("exec"))
        .hasSize(20)
        .allSatisfy(
            hook -> assertThat(text(hook.arguments().getFirst())).isEqualTo(forbidden.toString()));
  }

  @Test
  void textsOfTheKernelMatchOrJustMiss() throws Exception {
    for (var matching :
        List.of(
            new Matching.TextOneOf(Set.of("prefix-end")),
            new Matching.TextPrefix(Set.of("prefix-e")),
            new Matching.TextPostfix(Set.of("x-end")))) {
      for (var negated : List.of(false, true)) {
        node.enforceBothWays(
            hook(
                RENAME,
                List.of(NAME),
                new SelectorPlan(
                    List.of(),
                    List.of(),
                    List.of(new ArgumentFilter(0, negated, matching)),
                    true,
                    0)));

        assertThat(told("prefix-end")).isEqualTo(!negated);
        assertThat(told("prefix-dne")).isEqualTo(negated);
      }
    }
  }

  private static boolean told(String name) {
    var outcome = Trigger.run("rename-thread", name);
    var policies =
        node.records(Hook.class, outcome.pid()).stream()
            .filter(hook -> text(hook.arguments().getFirst()).equals(name))
            .map(Hook::policy)
            .toList();
    assertThat(policies.contains("far")).isEqualTo(policies.contains("near"));
    return !policies.isEmpty();
  }

  /** Where the kernel holds a lock of its scheduler and takes no interrupts. */
  @Test
  void oneIsWatchedThatComesAThousandTimesASecond() throws Exception {
    node.enforce(
        "switches",
        hook(
            SWITCH,
            List.of(new ArgumentPlan(ArgumentKind.UINT8, 0, 0)),
            new SelectorPlan(List.of(), List.of(), List.of(), false, 0)));

    assertThat(shell("for i in $(seq 200); do /bin/true; done")).isZero();

    assertThat(node.kernel().totals("switches").hooks().getFirst().suppressed()).isGreaterThan(200);
    assertThat(node.kernel().drops()).containsEntry("scratch_full", 0L);
  }

  @Test
  void policiesOnOneAreAllAsked() throws Exception {
    for (var uid : List.of("one", "two", "three")) {
      node.enforce(uid, hook(RENAME, List.of(NAME)));
    }

    var outcome = Trigger.run("rename-thread", "seen");

    assertThat(node.records(Hook.class, outcome.pid()))
        .filteredOn(hook -> text(hook.arguments().getFirst()).equals("seen"))
        .extracting(Hook::policy)
        .containsExactlyInAnyOrder("one", "two", "three");
  }

  @Test
  void oneThatTheKernelLacksIsNamedAndNothingIsLeft() throws Exception {
    assertThatThrownBy(
            () -> node.enforce("no", hook(new Place.RawTracepoint("no_such"), List.of())))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("the raw tracepoint no_such cannot be watched on this node");
    node.enforce("yes", hook(RENAME, List.of()));
    assertThat(node.kernel().policies().values()).allMatch(policy -> policy.complete());
    assertThat(links()).hasSize(1);

    node.kernel().remove("yes");

    assertThat(links()).isEmpty();
  }

  private static List<Path> links() throws IOException {
    try (var links = Files.walk(Path.of(node.kernel().folder()).resolve("links"))) {
      return links
          .filter(link -> String.valueOf(link.getFileName()).startsWith("dispatch_raw_"))
          .toList();
    }
  }

  private static HookPlan hook(
      Place place, List<ArgumentPlan> arguments, SelectorPlan... selectors) {
    return new HookPlan(0, place, false, arguments, List.of(selectors));
  }

  private static String text(KernelRecord.Argument argument) {
    return new String(argument.bytes(), UTF_8);
  }

  private static int shell(String command) throws IOException, InterruptedException {
    return new ProcessBuilder("bash", "-c", command + "; exit $?").inheritIO().start().waitFor();
  }
}
