package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.SkepKernel;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Editions of a policy that go on with the program they find. */
@NeedsKernel
@NeedsPolicies
class EditIT {
  private static final int KILLED = 128 + Plans.SIGKILL;

  @RegisterExtension final KernelFixture fixture = new KernelFixture();
  @TempDir Path dir;
  private Path ledger = Path.of("");
  private Path other = Path.of("");

  @BeforeEach
  void files() throws Exception {
    ledger = Files.writeString(dir.resolve("ledger.txt"), "keep");
    other = Files.writeString(dir.resolve("other.txt"), "keep");
  }

  @Test
  void otherValuesActInTheSameProgramAndGoOnWithTheNextAgent() throws Exception {
    int program;
    try (var first = fixture.open()) {
      kill(first, "a", 1, ledger);
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      program = fixture.programIn(0);

      kill(first, "a", 2, other);

      assertThat(fixture.programIn(0)).isEqualTo(program);
      assertThat(Shell.write(ledger).exitCode()).isZero();
      assertThat(Shell.write(other).exitCode()).isEqualTo(KILLED);
    }
    try (var second = fixture.open()) {
      kill(second, "a", 2, other);
      assertThat(fixture.programIn(0)).isEqualTo(program);
      assertThat(Shell.write(other).exitCode()).isEqualTo(KILLED);

      kill(second, "a", 3, ledger);

      assertThat(fixture.programIn(0)).isEqualTo(program);
      assertThat(Shell.write(other).exitCode()).isZero();
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      assertThat(second.totals("a").hooks()).containsExactly(new HookTotals(0, 4, 0, 4, 0, 0));
      assertThat(second.policies())
          .hasEntrySatisfying(
              "a",
              held -> {
                assertThat(held.complete()).isTrue();
                assertThat(held.generation()).isEqualTo(3);
              });
    }
  }

  @Test
  void equalValuesOfAnotherPolicyStayAsTheyAre() throws Exception {
    try (var kernel = fixture.open()) {
      kill(kernel, "a", 1, ledger);
      kill(kernel, "b", 1, ledger);
      assertThat(fixture.setWithId(1)).isEqualTo(fixture.setWithId(0));

      kill(kernel, "a", 2, other);

      assertThat(fixture.setWithId(1)).isNotEqualTo(fixture.setWithId(0));
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      assertThat(Shell.write(other).exitCode()).isEqualTo(KILLED);
      kill(kernel, "b", 2, other); // and equal again
      assertThat(fixture.setWithId(1)).isEqualTo(fixture.setWithId(0));
      assertThat(Shell.write(ledger).exitCode()).isZero();
      kernel.remove("a");
      assertThat(Shell.write(other).exitCode()).isEqualTo(KILLED);
      kernel.remove("b");
      assertThat(Shell.write(other).exitCode()).isZero();
      assertThat(fixture.setWithId(0)).isZero();
      assertThat(fixture.setWithId(1)).isZero();
    }
  }

  @Test
  void valuesMayBecomeManyAndLong() throws Exception {
    var deep = Files.createDirectories(dir.resolve("d".repeat(200)).resolve("e".repeat(200)));
    var far = Files.writeString(deep.resolve("f".repeat(200)), "keep"); // on another shelf
    var crowd =
        Stream.concat(
                IntStream.range(0, 200).mapToObj(i -> dir.resolve("crowd" + i)), Stream.of(other))
            .toArray(Path[]::new);
    try (var kernel = fixture.open()) {
      kill(kernel, "a", 1, ledger);
      int program = fixture.programIn(0);

      kill(kernel, "a", 2, far);
      assertThat(Shell.write(far).exitCode()).isEqualTo(KILLED);
      assertThat(Shell.write(ledger).exitCode()).isZero();
      kill(kernel, "a", 3, crowd); // more than there is room for
      assertThat(Shell.write(other).exitCode()).isEqualTo(KILLED);
      assertThat(Shell.write(far).exitCode()).isZero();
      kill(kernel, "a", 4, ledger, far);
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);
      assertThat(Shell.write(far).exitCode()).isEqualTo(KILLED);
      assertThat(Shell.write(other).exitCode()).isZero();

      assertThat(fixture.programIn(0)).isEqualTo(program);
    }
  }

  @Test
  void theModeIsSwitchedInTheSameProgram() throws Exception {
    try (var kernel = fixture.open()) {
      kill(kernel, "a", 1, ledger);
      int program = fixture.programIn(0);
      var monitoring = Plans.monitor(Plans.policy("a", 2, Plans.killWritesTo(0, ledger)));

      kernel.apply(monitoring, PolicyTotals.NONE);
      assertThat(Shell.write(ledger).exitCode()).isZero();
      kill(kernel, "a", 3, ledger);
      assertThat(Shell.write(ledger).exitCode()).isEqualTo(KILLED);

      assertThat(fixture.programIn(0)).isEqualTo(program);
      assertThat(kernel.totals("a").hooks()).containsExactly(new HookTotals(0, 2, 0, 1, 1, 0));
    }
  }

  @Test
  void whatDoesMoreThanOtherValuesHasAnotherProgram() throws Exception {
    try (var kernel = fixture.open()) {
      kill(kernel, "a", 1, ledger);
      int program = fixture.programIn(0);

      kernel.apply(Plans.policy("a", 2, Plans.watchWritesTo(0, ledger)), PolicyTotals.NONE);

      assertThat(fixture.programIn(0)).isNotEqualTo(program);
      assertThat(Shell.write(ledger).exitCode()).isZero();
    }
  }

  private static void kill(SkepKernel kernel, String uid, long generation, Path... files)
      throws Exception {
    kernel.apply(Plans.policy(uid, generation, Plans.killWritesTo(0, files)), PolicyTotals.NONE);
  }
}
