package dev.skep.agent.report;

import static dev.skep.agent.Policies.killWrites;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.agent.policy.PolicyStanding;
import dev.skep.agent.policy.PolicyStanding.State;
import dev.skep.agent.policy.Standings;
import dev.skep.agent.policy.WantedPolicy;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.SkepKernel.ProcessMapStatistics;
import dev.skep.crds.v1alpha1.HookEvents;
import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.crds.v1alpha1.NodeStateStatus.Drop;
import dev.skep.crds.v1alpha1.NodeStateStatus.KernelFacts;
import dev.skep.crds.v1alpha1.NodeStateStatus.PolicyState;
import dev.skep.crds.v1alpha1.NodeStateStatus.ProcessHooks;
import dev.skep.crds.v1alpha1.NodeStateStatus.ProcessMap;
import dev.skep.crds.v1alpha1.ProcessEvents;
import dev.skep.crds.v1alpha1.Violation;
import dev.skep.crds.v1alpha1.ViolationTotals;
import dev.skep.policy.Reading;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NodeReportTest {
  private static final ProcessHooks HOOKS =
      new ProcessHooks("fentry", "tracepoint", "fentry", "kprobe");
  private static final AgentFacts FACTS =
      new AgentFacts("n", "boot", "1", new KernelFacts("6.18", "x86_64", true), HOOKS);

  /** Of a kernel that does not say. */
  private static final ProcessMapStatistics NO_MAP = new ProcessMapStatistics(0, 0, 0, 0, 0, 0);

  private static final PolicyTotals TOTALS =
      new PolicyTotals(
          List.of(new HookTotals(0, 12, 1, 3, 4, 2), new HookTotals(1, 5, 0, 1, 0, 0)),
          new ProcessTotals(100, 200, 300));

  private static final WantedPolicy POLICY =
      new WantedPolicy(
          "uid-1", "kill", null, 4, new Reading.Accepted(killWrites("uid-1", 4, "/data")));

  @Test
  void countersComeWithTheirPolicyAndDropsOnlyWhereThereAreSome() {
    var report =
        NodeReport.of(
            FACTS,
            new Standings("hash", List.of(new PolicyStanding(POLICY, State.LOADED, "Loaded", ""))),
            Map.of("uid-1", TOTALS),
            Map.of("uid-1", 40_000L),
            List.of(),
            Map.of("ring_hook", 3L, "ring_exec", 0L, "export", 1L),
            new ProcessMapStatistics(129, 8192, 0, 0, 0, 0));

    assertThat(report)
        .isEqualTo(
            new NodeStateStatus(
                "n",
                "boot",
                "1",
                new KernelFacts("6.18", "x86_64", true),
                "hash",
                List.of(
                    new PolicyState(
                        "uid-1",
                        "kill",
                        null,
                        4L,
                        "Loaded",
                        "Loaded",
                        null,
                        "enforce",
                        List.of(new HookEvents("sys_write", 12)),
                        new ProcessEvents(200, 300, 100),
                        new ViolationTotals(8, 4, 4),
                        2L,
                        40_000L)),
                List.of(),
                List.of(new Drop("export", 1), new Drop("ring_hook", 3)),
                HOOKS,
                new ProcessMap(256, 8192)));
  }

  @Test
  void aVerifiersLogIsCut() {
    var report =
        NodeReport.of(
            FACTS,
            new Standings(
                "hash",
                List.of(new PolicyStanding(POLICY, State.FAILED, "LoadFailed", "x".repeat(9000)))),
            Map.of(),
            Map.of(),
            List.of(),
            Map.of(),
            NO_MAP);

    assertThat(report.policies().getFirst().message()).hasSize(512).endsWith("x…");
  }

  @Test
  void whatAnEarlierReportSaidIsWhereCountingGoesOn() {
    var report =
        NodeReport.of(
            FACTS,
            new Standings("hash", List.of(new PolicyStanding(POLICY, State.LOADED, "Loaded", ""))),
            Map.of("uid-1", TOTALS),
            Map.of("uid-1", 40_000L),
            List.of(),
            Map.of(),
            NO_MAP);

    assertThat(NodeReport.totals(report))
        .isEqualTo(
            Map.of(
                "uid-1",
                new PolicyTotals(
                    List.of(new HookTotals(0, 12, 0, 4, 4, 2)), new ProcessTotals(100, 200, 300))));
  }

  @Test
  void whatTheKernelHasForgottenIsPendingUntilTheAgentIsToldAndKeepsItsCounters() {
    var last =
        NodeReport.of(
            FACTS,
            new Standings("hash", List.of(new PolicyStanding(POLICY, State.LOADED, "Loaded", ""))),
            Map.of("uid-1", TOTALS),
            Map.of("uid-1", 40_000L),
            List.of(violation("/data")),
            Map.of(),
            NO_MAP);

    assertThat(NodeReport.before(FACTS, last, Set.of("uid-1"), NO_MAP)).isEqualTo(last);

    var afterReboot = NodeReport.before(FACTS, last, Set.of(), NO_MAP);
    assertThat(afterReboot.policies().getFirst().state()).isEqualTo("Pending");
    assertThat(NodeReport.totals(afterReboot)).isEqualTo(NodeReport.totals(last));
    assertThat(afterReboot.recentViolations()).isEqualTo(last.recentViolations());
  }

  @Test
  void aReportOfAnotherVersionWithHalfOfItsFieldsIsNoError() {
    var bare =
        new PolicyState(
            "uid-1", null, null, null, null, null, null, null, List.of(), null, null, null, null);

    assertThat(
            NodeReport.totals(
                new NodeStateStatus(
                    null, null, null, null, null, List.of(bare), List.of(), List.of(), null, null)))
        .isEqualTo(Map.of("uid-1", PolicyTotals.NONE));
  }

  @Test
  void theLogKeepsTheNewestSixteenAndWhatWasReportedBefore() {
    var log = new ViolationLog();
    for (int i = 0; i < 10; i++) {
      log.add(violation("new-" + i));
    }
    log.restore(List.of(violation("new-9"), violation("old-1"), violation("old-2")));
    assertThat(log.newestFirst())
        .extracting(Violation::path)
        .hasSize(12)
        .startsWith("new-9", "new-8")
        .endsWith("old-1", "old-2");

    for (int i = 0; i < 20; i++) {
      log.add(violation("newer-" + i));
    }
    assertThat(log.newestFirst())
        .hasSize(16)
        .extracting(Violation::path)
        .startsWith("newer-19")
        .endsWith("newer-4");
  }

  @Test
  void ofALongPathTheEndIsKept() {
    var log = new ViolationLog();
    log.add(violation("/deep".repeat(800) + "/name"));

    assertThat(log.newestFirst().getFirst().path())
        .hasSizeLessThanOrEqualTo(256)
        .startsWith("…")
        .endsWith("/deep/name");
  }

  private static Violation violation(String path) {
    return new Violation(
        "2026-01-01T00:00:00.000000Z",
        "uid-1",
        null,
        null,
        null,
        null,
        1L,
        "/bin/sh",
        "sys_write",
        path,
        "Sigkill",
        true);
  }
}
