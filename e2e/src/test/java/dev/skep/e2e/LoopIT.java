package dev.skep.e2e;

import static dev.skep.e2e.Statuses.events;
import static dev.skep.e2e.Statuses.nodes;
import static dev.skep.e2e.Statuses.ready;
import static dev.skep.e2e.Statuses.violations;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.NeedsControlPlane;
import dev.skep.cluster.NeedsKernel;
import dev.skep.crds.v1alpha1.TracingPolicyStatus;
import dev.skep.crds.v1alpha1.ViolationTotals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** From {@code kubectl apply} into the kernel and back to {@code kubectl get}. */
@NeedsControlPlane
@NeedsKernel
@ExtendWith(LogsOfFailure.class)
class LoopIT {
  /** What the issue promises; a busy machine gets more, but each test says what it took. */
  private static final Duration READY = Duration.ofSeconds(5);

  private static final Duration IN_STATUS = Duration.ofSeconds(10);

  static RunningSkep skep;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    skep = RunningSkep.start("loop-node");
    await().atMost(Duration.ofSeconds(60)).until(() -> skep.nodeState().isPresent());
  }

  @AfterAll
  static void stop() {
    skep.close();
  }

  @Test
  void aForbiddenWriteIsKilledAndTheStatusTellsWho() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "keep");
    skep.apply(Policies.protect("tells-who", ledger));
    untilReady("tells-who");

    var began = Instant.now();
    var writer = Shell.bash("echo lost >> " + ledger + "; true");

    assertThat(writer.killed()).as(writer.output()).isTrue();
    assertThat(ledger).hasContent("keep");
    var status = until("tells-who", IN_STATUS, s -> violations(s) == 1);
    assertThat(status.mode()).isEqualTo("enforce");
    assertThat(status.violations()).isEqualTo(new ViolationTotals(1, 1, 0));
    assertThat(status.recentViolations())
        .singleElement()
        .satisfies(violation -> {
          assertThat(Instant.parse(violation.time()))
              .isBetween(began.minusSeconds(1), Instant.now());
          assertThat(violation.node()).isEqualTo(skep.node);
          assertThat(violation.pid()).isPositive();
          assertThat(violation.binary()).endsWith("/bash");
          assertThat(violation.path()).isEqualTo(ledger.toString());
          assertThat(violation.action()).isEqualTo("Sigkill");
          assertThat(violation.hook()).isEqualTo("sys_write");
          assertThat(violation.enforced()).isTrue();
        });
    assertThat(status.lastViolationTime()).isEqualTo(status.recentViolations().getFirst().time());
    skep.delete("tells-who");
  }

  @Test
  void pidOneOfANamespaceIsLetThroughAndItsChildIsNot() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "");
    skep.apply(Policies.protect("but-for-init", ledger));
    untilReady("but-for-init");

    // The shell is PID 1 of a new namespace; the subshell is its child.
    var init = Shell.bash("unshare --pid --fork --mount-proc bash -c 'echo one >> " + ledger + "'");
    var child =
        Shell.bash(
            "unshare --pid --fork --mount-proc bash -c 'bash -c \"echo two >> "
                + ledger
                + "; true\"; exit $?'");

    assertThat(init.exitCode()).as(init.output()).isZero();
    assertThat(child.killed()).as(child.output()).isTrue();
    assertThat(ledger).hasContent("one");
    skep.delete("but-for-init");
  }

  @Test
  void aChildIsLetThroughWithItsParentWhereThePolicyFollowsForks() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "");
    var shell = new ProcessBuilder("bash").redirectErrorStream(true).start();
    skep.apply(
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicy
        metadata: {name: but-for-family}
        spec:
          kprobes:
          - call: sys_write
            args: [{index: 0, type: fd}]
            selectors:
            - matchArgs: [{index: 0, operator: Equal, values: ["%s"]}]
              matchPIDs: [{operator: NotIn, followForks: true, values: [%d]}]
              matchActions: [{action: Sigkill}]
        """
            .formatted(ledger, shell.pid()));
    untilReady("but-for-family");

    try (var commands = shell.outputWriter(UTF_8)) {
      commands.write("echo shell >> " + ledger + "\n");
      commands.write(
          "bash -c 'echo child >> "
              + ledger
              + "; bash -c \"echo grandchild >> "
              + ledger
              + "\"; true'\n");
    }
    await().until(() -> !shell.isAlive());
    var stranger = Shell.bash("echo stranger >> " + ledger + "; true");

    assertThat(stranger.killed()).isTrue();
    assertThat(ledger).hasContent("shell\nchild\ngrandchild\n");
    skep.delete("but-for-family");
  }

  @Test
  void monitorModeReportsWhatItWouldHaveDoneAndLetsItHappen() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "");
    skep.apply(Policies.protect("only-monitor", ledger, "monitor", ""));
    untilReady("only-monitor");

    var writer = Shell.bash("echo kept >> " + ledger);

    assertThat(writer.exitCode()).isZero();
    assertThat(ledger).hasContent("kept");
    var status = until("only-monitor", IN_STATUS, s -> violations(s) == 1);
    assertThat(status.mode()).isEqualTo("monitor");
    assertThat(status.violations()).isEqualTo(new ViolationTotals(1, 0, 1));
    assertThat(status.recentViolations().getFirst().enforced()).isFalse();
    skep.delete("only-monitor");
  }

  @Test
  void twoPoliciesOnOneSystemCallBothDecide() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "keep");
    skep.apply(Policies.watch("both-watch", folder));
    skep.apply(Policies.protect("both-protect", ledger));
    untilReady("both-watch");
    untilReady("both-protect");

    Shell.bash("for i in 1 2 3 4 5; do echo $i; done > " + folder.resolve("free.txt"));
    var killed = Shell.bash("echo lost >> " + ledger + "; true");

    assertThat(killed.killed()).isTrue();
    var watched = until("both-watch", IN_STATUS, s -> events(s) == 6);
    assertThat(watched.mode()).isEqualTo("observe");
    assertThat(violations(watched)).isZero();
    until("both-protect", IN_STATUS, s -> violations(s) == 1);
    skep.delete("both-watch");
    skep.delete("both-protect");
  }

  @Test
  void anEditReplacesAndADeleteRemovesAndTotalsGoOn() throws IOException {
    var first = Files.writeString(folder.resolve("first.txt"), "keep");
    var second = Files.writeString(folder.resolve("second.txt"), "keep");
    skep.apply(Policies.protect("edited", first));
    untilReady("edited");
    assertThat(Shell.bash("echo lost >> " + first + "; true").killed()).isTrue();
    until("edited", IN_STATUS, s -> violations(s) == 1);

    skep.apply(Policies.protect("edited", second));
    until("edited", READY, s -> ready(s) && Long.valueOf(2).equals(s.observedGeneration()));

    assertThat(Shell.bash("echo free >> " + first).exitCode()).isZero();
    assertThat(Shell.bash("echo lost >> " + second + "; true").killed()).isTrue();
    until("edited", IN_STATUS, s -> violations(s) == 2);

    skep.delete("edited");
    await()
        .atMost(READY)
        .until(() -> Shell.bash("echo free >> " + second + "; true").exitCode() == 0);
  }

  @Test
  void aPolicyThatCannotBeTakenSaysWhyAndLeavesTheOthersAlone() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "keep");
    skep.apply(
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicy
        metadata: {name: unsupported}
        spec:
          kprobes:
          - call: commit_creds
            syscall: false
            args: [{index: 0, type: cred}]
        """);
    skep.apply(
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicy
        metadata: {name: invalid}
        spec:
          kprobes:
          - call: sys_wirte
            args: [{index: 0, type: fd}]
        """);
    skep.apply(Policies.protect("good", ledger));
    untilReady("good");

    assertThat(Shell.bash("echo lost >> " + ledger + "; true").killed()).isTrue();
    assertRefused("unsupported", "spec.kprobes[0]", "not supported yet");
    assertRefused("invalid", "spec.kprobes[0].call", "sys_write");
    skep.delete("good");
    skep.delete("unsupported");
    skep.delete("invalid");
  }

  @Test
  void aNodesLabelsDecideWhetherAPolicyIsThere() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "");
    skep.apply(
        Policies.protect(
            "by-label", ledger, "enforce", "  nodeSelector: {matchLabels: {guarded: \"yes\"}}"));
    until("by-label", READY, s -> "0/0".equals(nodes(s)));
    assertThat(Shell.bash("echo free >> " + ledger).exitCode()).isZero();

    skep.cluster.kubectl("label", "node", skep.node, "guarded=yes");
    until("by-label", READY, s -> ready(s) && "1/1".equals(nodes(s)));
    assertThat(Shell.bash("echo lost >> " + ledger + "; true").killed()).isTrue();

    skep.cluster.kubectl("label", "node", skep.node, "guarded-");
    until("by-label", READY, s -> "0/0".equals(nodes(s)));
    await().atMost(READY).until(() -> Shell.bash("echo free >> " + ledger).exitCode() == 0);
    skep.delete("by-label");
  }

  @Test
  void kubectlGetShowsThePolicyAsTheReadmeDoes() throws IOException {
    var ledger = Files.writeString(folder.resolve("ledger.txt"), "");
    skep.apply(Policies.protect("shown", ledger));
    untilReady("shown");
    Shell.bash("echo lost >> " + ledger + "; true");
    until("shown", IN_STATUS, s -> violations(s) == 1);

    var table = skep.cluster.kubectl("get", "tracingpolicies", "shown");

    var lines = table.lines().map(line -> line.split(" {2,}")).toList();
    assertThat(lines.getFirst())
        .containsExactly(
            "NAME", "MODE", "READY", "NODES", "EVENTS", "VIOLATIONS", "LAST-VIOLATION", "AGE");
    assertThat(lines.getLast()).startsWith("shown", "enforce", "True", "1/1", "1", "1");
    skep.delete("shown");
  }

  private void assertRefused(String policy, String path, String message) {
    var status = until(policy, READY, s -> !s.conditions().isEmpty());
    assertThat(skep.condition(policy, "Accepted")).isEqualTo("False");
    assertThat(status.conditions())
        .filteredOn(c -> "Accepted".equals(c.type()))
        .singleElement()
        .satisfies(c -> assertThat(c.message()).contains(path).contains(message));
  }

  private static void untilReady(String policy) {
    until(policy, READY, Statuses::ready);
  }

  private static TracingPolicyStatus until(
      String policy, Duration limit, Predicate<TracingPolicyStatus> wanted) {
    return skep.until(policy, limit, wanted);
  }
}
