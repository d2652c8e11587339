package dev.skep.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skep.crds.v1alpha1.Condition;
import dev.skep.crds.v1alpha1.HookEvents;
import dev.skep.crds.v1alpha1.ProcessEvents;
import dev.skep.crds.v1alpha1.TracingPolicyStatus;
import dev.skep.crds.v1alpha1.Violation;
import dev.skep.crds.v1alpha1.ViolationTotals;
import dev.skep.operator.observed.PolicyReport;
import dev.skep.operator.observed.PolicyView;
import dev.skep.operator.observed.Sighting;
import dev.skep.operator.observed.Totals;
import dev.skep.operator.plan.NodeFacts;
import dev.skep.policy.PolicyReader;
import dev.skep.policy.Reading;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PolicyStatusTest {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00.5Z");
  private static final Instant LATER = NOW.plusSeconds(60);

  private static final Reading PROTECT =
      read(
          """
          kprobes:
            - call: sys_write
              syscall: true
              args: [{index: 0, type: fd}]
              selectors:
              - matchArgs: [{index: 0, operator: Equal, values: [/etc/passwd]}]
                matchActions: [{action: Sigkill}]
          """);
  private static final Reading OBSERVE =
      read("kprobes: [{call: sys_write, syscall: true, args: [{index: 0, type: fd}]}]");

  private final List<NodeFacts> nodes = new ArrayList<>();
  private final Map<String, PolicyReport> reports = new HashMap<>();
  private Totals totals = Totals.NONE;

  @Test
  void aPolicyThatAllNodesHoldIsTold() throws Exception {
    node("a", "Loaded");
    node("b", "Loaded");
    totals =
        Totals.of(
            List.of(new HookEvents("sys_write", 512)),
            new ProcessEvents(10, 9, 11),
            new ViolationTotals(3, 3, 0));

    assertThat(JSON.writeValueAsString(status(PROTECT, null, NOW)))
        .isEqualTo(
            """
            {
              "observedGeneration" : 1,
              "mode" : "enforce",
              "conditions" : [ {
                "type" : "Accepted",
                "status" : "True",
                "observedGeneration" : 1,
                "lastTransitionTime" : "2026-01-01T12:00:00Z",
                "reason" : "ValidWithWarnings",
                "message" : "every part of the policy is supported; 2 warnings in status.warnings"
              }, {
                "type" : "Ready",
                "status" : "True",
                "observedGeneration" : 1,
                "lastTransitionTime" : "2026-01-01T12:00:00Z",
                "reason" : "Loaded",
                "message" : "loaded on 2 nodes"
              }, {
                "type" : "Enforcing",
                "status" : "True",
                "observedGeneration" : 1,
                "lastTransitionTime" : "2026-01-01T12:00:00Z",
                "reason" : "Enforced",
                "message" : "enforced on 2 nodes"
              }, {
                "type" : "Degraded",
                "status" : "False",
                "observedGeneration" : 1,
                "lastTransitionTime" : "2026-01-01T12:00:00Z",
                "reason" : "NoTrouble",
                "message" : "no node reports trouble"
              } ],
              "warnings" : [ {
                "path" : "spec.kprobes[0].selectors[0].matchArgs[0]",
                "message" : "decides on what the process can change until the kernel reads it itself (which file a descriptor means), so a hostile one escapes; hook security_file_permission (LSM hook file_permission) instead, whose argument of type file is what the kernel acts on"
              }, {
                "path" : "spec.kprobes[0].selectors[0].matchActions[0].action",
                "message" : "is sent when write begins, and ends the process, but the call may have acted by then (on pipes, sockets and with direct I/O); to prevent it, use Override on security_file_permission (LSM hook file_permission)"
              } ],
              "nodes" : {
                "selected" : 2,
                "ready" : 2,
                "pending" : 0,
                "failed" : 0,
                "unsupported" : 0,
                "stale" : 0,
                "summary" : "2/2"
              },
              "processEvents" : {
                "exec" : 10,
                "exit" : 9,
                "fork" : 11
              },
              "events" : {
                "total" : 512,
                "hooks" : [ {
                  "hook" : "sys_write",
                  "count" : 512
                } ]
              },
              "violations" : {
                "total" : 3,
                "enforced" : 3,
                "monitored" : 0
              },
              "countersAsOf" : "2026-01-01T12:00:00Z"
            }\
            """);
  }

  @Test
  void nothingChangesWhenNothingHappened() {
    node("a", "Loaded", sighting("a", 1));
    node("b", "Failed");
    var first = status(PROTECT, null, NOW);

    assertThat(status(PROTECT, first, LATER)).isEqualTo(first);
  }

  @Test
  void whatIsReadBackFromTheApiServerIsEqualToWhatWasWritten() throws Exception {
    node("a", "Loaded", sighting("a", 1));
    node("b", "Unsupported");
    for (var reading : List.of(PROTECT, OBSERVE, new Reading.Refused(List.of(problem(1))))) {
      var status = status(reading, null, NOW);
      var stored = JSON.readValue(JSON.writeValueAsString(status), TracingPolicyStatus.class);

      assertThat(stored).isEqualTo(status);
    }
  }

  @Test
  void everySelectedNodeIsCountedOnceByWhatItMakesOfThisGeneration() {
    node("ready", "Loaded");
    node("pending", "Pending");
    node("loading", "Loading");
    node("failed", "Failed");
    node("half", "Degraded");
    node("newer-agent", "Unheard");
    node("old-kernel", "Unsupported");
    nodes.add(new NodeFacts("silent", "silent-uid", Map.of()));
    node("behind", "Loaded");
    reports.computeIfPresent(
        "behind",
        (_, r) ->
            new PolicyReport(
                r.kernel(), 0, r.state(), r.reason(), r.message(), r.totals(), r.violations()));

    var status = status(PROTECT, null, NOW);

    assertThat(status.nodes()).isEqualTo(new TracingPolicyStatus.Nodes(9, 1, 2, 3, 1, 2, "1/9"));
    assertThat(condition(status, "Ready").message())
        .isEqualTo(
            "loaded on 1 of 9 nodes, 2 loading it, 3 failed, 1 with a kernel that cannot,"
                + " 2 without a report of this generation");
    assertThat(condition(status, "Degraded").status()).isEqualTo("True");
    assertThat(condition(status, "Enforcing").reason()).isEqualTo("PartlyLoaded");
  }

  @Test
  void aPolicyThatSelectsNoNodeIsNotReady() {
    var status = status(PROTECT, null, NOW);

    assertThat(condition(status, "Ready").status()).isEqualTo("False");
    assertThat(condition(status, "Ready").reason()).isEqualTo("NoNodesSelected");
    assertThat(condition(status, "Enforcing").status()).isEqualTo("False");
    assertThat(condition(status, "Degraded").status()).isEqualTo("False");
  }

  @Test
  void aPolicyWithNothingToEnforceIsReadyAndDoesNotEnforce() {
    node("a", "Loaded");

    var status = status(OBSERVE, null, NOW);

    assertThat(status.mode()).isEqualTo("observe");
    assertThat(condition(status, "Ready").status()).isEqualTo("True");
    assertThat(condition(status, "Enforcing").reason()).isEqualTo("NothingToEnforce");
  }

  @Test
  void timesOfTransitionStayAsLongAsTheStatusDoes() {
    node("a", "Pending");
    var rolling = status(PROTECT, null, NOW);
    node("a", "Failed");
    var failed = status(PROTECT, rolling, LATER);
    node("a", "Loaded");
    var ready = status(PROTECT, failed, LATER.plusSeconds(60));

    assertThat(condition(failed, "Ready").lastTransitionTime()).isEqualTo("2026-01-01T12:00:00Z");
    assertThat(condition(failed, "Ready").reason()).isEqualTo("NodesFailed");
    assertThat(condition(failed, "Degraded").lastTransitionTime())
        .isEqualTo("2026-01-01T12:01:00Z");
    assertThat(condition(ready, "Ready").lastTransitionTime()).isEqualTo("2026-01-01T12:02:00Z");
  }

  @Test
  void theTimeOfTheCountersIsThatOfTheirLastChange() {
    node("a", "Pending");
    var first = status(PROTECT, null, NOW);
    node("a", "Loaded");
    var loaded = status(PROTECT, first, LATER);
    totals = Totals.of(List.of(new HookEvents("sys_write", 1)), null, null);
    var counted = status(PROTECT, loaded, LATER.plusSeconds(1));

    assertThat(loaded.countersAsOf()).isEqualTo("2026-01-01T12:00:00Z");
    assertThat(counted.countersAsOf()).isEqualTo("2026-01-01T12:01:01Z");
  }

  @Test
  void allProblemsOfARefusedPolicyAreToldWithTheirPathsAndItsCountersStay() {
    totals = Totals.of(List.of(new HookEvents("sys_write", 7)), null, null);
    var refused = new Reading.Refused(List.of(problem(1), problem(2)));

    var status = status(refused, null, NOW);

    assertThat(condition(status, "Accepted").status()).isEqualTo("False");
    assertThat(condition(status, "Accepted").reason()).isEqualTo("Invalid");
    assertThat(condition(status, "Accepted").message())
        .isEqualTo("spec.kprobes[1].call: is wrong; spec.kprobes[2].call: is wrong");
    assertThat(condition(status, "Ready").reason()).isEqualTo("NotAccepted");
    assertThat(status.nodes()).isNull();
    assertThat(PolicyStatus.totalsIn(status)).isEqualTo(totals);
  }

  @Test
  void thoseWhoTouchMostNodesAreToldAmongManyIssues() {
    for (int i = 0; i < 30; i++) {
      node("n" + i, "Failed");
      int reason = i < 12 ? 99 : i;
      reports.computeIfPresent(
          "n" + i,
          (_, r) ->
              new PolicyReport(
                  r.kernel(), 1, "Failed", "Reason" + reason, "m", r.totals(), List.of()));
    }

    var issues = status(PROTECT, null, NOW).issues();

    assertThat(issues).hasSize(10);
    assertThat(issues.getFirst())
        .isEqualTo(
            new TracingPolicyStatus.Issue(
                "Reason99", "m", "6.18.0", 12, List.of("n0", "n1", "n10")));
  }

  @Test
  void theNewestViolationsOfAllNodesAreToldNewestFirstAlsoOfNodesThatAreGone() {
    node("a", "Loaded", sighting("a", 1), sighting("a", 5), sighting("a", 9));
    node("b", "Loaded", sighting("b", 3));
    var first = status(PROTECT, null, NOW);
    reports.clear();
    nodes.clear();
    var later = new ArrayList<Sighting>();
    for (int second = 20; second < 38; second++) {
      later.add(sighting("c", second));
    }
    node("c", "Loaded", later.toArray(Sighting[]::new));

    var status = status(PROTECT, first, NOW);

    assertThat(first.recentViolations()).extracting(Violation::pid).containsExactly(9L, 5L, 3L, 1L);
    assertThat(status.recentViolations()).hasSize(20);
    assertThat(status.recentViolations().getFirst().pid()).isEqualTo(37);
    assertThat(status.recentViolations().getLast().pid()).isEqualTo(5);
    assertThat(status.lastViolationTime()).isEqualTo("2026-01-01T00:00:37.000001Z");
  }

  @Test
  void aStatusFitsWhateverNodesSay() {
    var long4k = "ü".repeat(4096);
    for (int i = 0; i < 40; i++) {
      var name = ("n" + i + "-").repeat(100).substring(0, 250 - i);
      var violation =
          new Violation(
              "2026-01-01T00:00:%02dZ".formatted(i),
              "uid",
              null,
              long4k,
              long4k,
              long4k,
              1L,
              long4k,
              long4k,
              long4k,
              long4k,
              true);
      node(name, "Failed", Sighting.on(name, violation).orElseThrow());
      int number = i;
      reports.computeIfPresent(
          name,
          (_, r) ->
              new PolicyReport(
                  long4k, 1, long4k, number + long4k, long4k, r.totals(), r.violations()));
    }
    var refused = new ArrayList<Reading.Problem>();
    for (int i = 0; i < 1000; i++) {
      refused.add(problem(i));
    }

    var full = status(PROTECT, null, NOW);

    assertThat(Size.bytes(full)).isLessThanOrEqualTo(Size.MAX_BYTES);
    assertThat(full.issues()).isNotEmpty();
    assertThat(status(PROTECT, full, LATER)).isEqualTo(full);
    assertThat(Size.bytes(status(new Reading.Refused(refused), null, NOW)))
        .isLessThan(Size.MAX_BYTES);
  }

  private TracingPolicyStatus status(
      Reading reading, @Nullable TracingPolicyStatus previous, Instant now) {
    return PolicyStatus.of(1, reading, new PolicyView(nodes, reports, totals), previous, now);
  }

  private void node(String name, String state, Sighting... sightings) {
    nodes.removeIf(node -> node.name().equals(name));
    nodes.add(new NodeFacts(name, name + "-uid", Map.of()));
    reports.put(
        name, new PolicyReport("6.18.0", 1, state, null, null, Totals.NONE, List.of(sightings)));
  }

  private static Sighting sighting(String node, int second) {
    var violation =
        new Violation(
            "2026-01-01T00:00:%02d.000001Z".formatted(second),
            "uid",
            null,
            null,
            null,
            null,
            (long) second,
            "/bin/sh",
            "sys_write",
            "/etc/passwd",
            "Sigkill",
            true);
    return Sighting.on(node, violation).orElseThrow();
  }

  private static Reading.Problem problem(int hook) {
    return new Reading.Problem("spec.kprobes[" + hook + "].call", Reading.Kind.INVALID, "is wrong");
  }

  private static Condition condition(TracingPolicyStatus status, String type) {
    return status.conditions().stream()
        .filter(condition -> type.equals(condition.type()))
        .findFirst()
        .orElseThrow();
  }

  private static Reading read(String spec) {
    var reading =
        PolicyReader.readText(
                """
                apiVersion: skep.dev/v1alpha1
                kind: TracingPolicy
                metadata: {name: p, uid: uid, generation: 1}
                spec:
                  %s
                """
                    .formatted(spec.strip()))
            .getFirst();
    assertThat(reading).isInstanceOf(Reading.Accepted.class);
    return reading;
  }
}
