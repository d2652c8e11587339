package dev.skep.agent.policy;

import static dev.skep.agent.Policies.killWrites;
import static dev.skep.agent.Policies.policy;
import static dev.skep.agent.Policies.syscall;
import static dev.skep.agent.policy.PolicyStanding.State.DEGRADED;
import static dev.skep.agent.policy.PolicyStanding.State.FAILED;
import static dev.skep.agent.policy.PolicyStanding.State.LOADED;
import static dev.skep.agent.policy.PolicyStanding.State.SKIPPED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.agent.event.PolicyBook;
import dev.skep.agent.plan.HostFacts;
import dev.skep.agent.plan.PolicyBinder;
import dev.skep.agent.pod.Coverage;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.KernelTracepoint;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.SkepKernel.HeldPolicy;
import dev.skep.policy.LabelSelector;
import dev.skep.policy.Policy;
import dev.skep.policy.Reading;
import dev.skep.policy.Scope;
import dev.skep.policy.Warning;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PolicyEngineTest {
  private static final int EINVAL = 22;
  private static final int ENOMEM = 12;
  private static final Scope OF_SHOP =
      new Scope("shop", LabelSelector.EVERYTHING, LabelSelector.EVERYTHING, false);

  private final RecordingKernel kernel = new RecordingKernel();
  private final PolicyBook book = new PolicyBook();
  private final Coverage coverage = new Coverage(kernel);
  private final List<Standings> published = new ArrayList<>();
  private final PolicyEngine engine =
      new PolicyEngine(
          kernel,
          new PolicyBinder(
              new HostFacts() {
                @Override
                public OptionalInt syscallNumber(String name) {
                  return name.equals("write") ? OptionalInt.of(1) : OptionalInt.empty();
                }

                @Override
                public KernelFunction function(String name) {
                  return new KernelFunction.Missing();
                }

                @Override
                public Optional<String> overridable(String syscall) {
                  return Optional.empty();
                }

                @Override
                public boolean asksLsmPrograms() {
                  return false;
                }

                @Override
                public KernelTracepoint tracepoint(String subsystem, String event) {
                  return new KernelTracepoint.Missing();
                }

                @Override
                public KernelFunction rawTracepoint(String event) {
                  return new KernelFunction.Missing();
                }

                @Override
                public String architecture() {
                  return "x86_64";
                }

                @Override
                public String resolveLinks(String path) {
                  return path;
                }

                @Override
                public Namespaces namespaces() {
                  return Namespaces.NONE;
                }
              },
              true),
          book,
          coverage,
          "__x64_sys_",
          policy -> !policy.name().contains("elsewhere"),
          this::note);

  private void note() {
    published.add(engine.standings());
  }

  @Test
  void whatIsWantedIsLoadedAndReadBack() {
    engine.want("hash", List.of(wanted("a", 1), wanted("b", 2)));

    assertThat(kernel.asked).containsExactly("apply a 1", "apply b 2");
    assertThat(engine.standings().config()).isEqualTo("hash");
    assertThat(states()).containsExactly("a LOADED", "b LOADED");
    assertThat(published).hasSize(1);
  }

  @Test
  void aLoadedPolicyThatDoesLessThanItSeemsToSaysSo() {
    var warnings =
        List.of(new Warning("spec.mode", "is enforce"), new Warning("spec", "is another"));
    var policy = killWrites("a", 1, "/data");
    engine.want(
        "1",
        List.of(
            new WantedPolicy("a", "a", null, 1, new Reading.Accepted(policy, warnings)),
            wanted("b", 1)));
    engine.tend();

    assertThat(states()).containsExactly("a LOADED", "b LOADED");
    assertThat(standing("a").message()).isEqualTo("warning: spec.mode: is enforce; and 1 more");
    assertThat(standing("b").message()).isEmpty();
  }

  @Test
  void whatHasNotChangedIsLeftAlone() {
    engine.want("1", List.of(wanted("a", 1), wanted("b", 1)));
    kernel.asked.clear();

    engine.want("2", List.of(wanted("a", 1), wanted("b", 2)));

    assertThat(kernel.asked).containsExactly("apply b 2");
  }

  @Test
  void aPolicyThatFailsLeavesTheOthersAlone() {
    kernel.refusals.put("a", new BpfException("bpf_object__load", EINVAL, "policy.bpf.o"));

    engine.want("1", List.of(wanted("a", 1), unreadable("b"), strange("c"), wanted("d", 1)));

    assertThat(states()).containsExactly("a FAILED", "b UNSUPPORTED", "c UNSUPPORTED", "d LOADED");
    assertThat(standing("a").message()).contains("bpf_object__load", "policy.bpf.o");
    assertThat(standing("b").reason()).isEqualTo("NotSupportedYet");
    assertThat(standing("c").reason()).isEqualTo("NotOnThisNode");
  }

  @Test
  void whatTheVerifierRefusesIsNotTriedAgainButWhatLackedMemoryIs() {
    kernel.refusals.put("a", new BpfException("bpf_object__load", EINVAL, "policy.bpf.o"));
    kernel.refusals.put("b", new BpfException("bpf_object__load", ENOMEM, "policy.bpf.o"));
    engine.want("1", List.of(wanted("a", 1), wanted("b", 1)));
    kernel.asked.clear();

    for (int i = 0; i < 20; i++) {
      engine.tend();
    }
    assertThat(kernel.asked).containsOnly("apply b 1").hasSize(4); // after 1, 2, 4 and 8 pauses

    kernel.refusals.clear();
    for (int i = 0; i < 12; i++) {
      engine.tend();
    }
    assertThat(states()).containsExactly("a FAILED", "b LOADED");
  }

  @Test
  void anEditionThatFailsLeavesTheOneBeforeItActing() {
    engine.want("1", List.of(wanted("a", 1)));
    kernel.refusals.put("a", new BpfException("bpf_object__load", EINVAL, "policy.bpf.o"));

    engine.want("2", List.of(wanted("a", 2)));

    assertThat(kernel.held.get("a")).extracting(HeldPolicy::generation).isEqualTo(1L);
    assertThat(standing("a").state()).isEqualTo(FAILED);
    assertThat(standing("a").message()).endsWith("; generation 1 goes on acting");
    assertThat(book.find("a", 1)).isNotNull();
  }

  @Test
  void whatAnEarlierAgentLeftStaysUntilItIsKnownThatNobodyWantsIt() {
    kernel.held.put("old", new HeldPolicy(1, false, Set.of(0), true));

    engine.tend();
    assertThat(kernel.held).containsKey("old");

    engine.want("1", List.of(wanted("a", 1)));
    assertThat(kernel.held).containsOnlyKeys("a");
    assertThat(kernel.asked).containsExactly("apply a 1", "remove old");
  }

  @Test
  void whatCouldNotBeRemovedIsTriedAgain() {
    kernel.held.put("old", new HeldPolicy(1, false, Set.of(0), true));
    kernel.refusals.put("remove old", new BpfException("unlink", 16, "old"));
    engine.want("1", List.of());
    assertThat(kernel.held).containsKey("old");

    kernel.refusals.clear();
    engine.tend();

    assertThat(kernel.held).isEmpty();
  }

  @Test
  void aStateIsWhatTheKernelHoldsAndNotWhatWasAskedFor() {
    engine.want("1", List.of(wanted("a", 1), wanted("b", 1)));

    kernel.held.put("a", new HeldPolicy(1, false, Set.of(), false));
    kernel.held.remove("b");
    engine.tend();
    assertThat(states()).containsExactly("a DEGRADED", "b FAILED");

    engine.tend();
    assertThat(states()).containsExactly("a DEGRADED", "b LOADED");
  }

  @Test
  void aKernelThatCannotBeAskedIsNoReasonToClaimAnything() {
    engine.want("1", List.of(wanted("a", 1)));
    kernel.mute = true;

    engine.tend();

    assertThat(standing("a").state()).isEqualTo(DEGRADED);
    assertThat(kernel.held).containsKey("a");
  }

  @Test
  void aPolicyForOtherNodesIsSkippedAndTakenOutOfTheKernel() {
    kernel.held.put("elsewhere", new HeldPolicy(1, false, Set.of(0), true));

    engine.want("1", List.of(wanted("elsewhere", 1)));

    assertThat(standing("elsewhere").state()).isEqualTo(SKIPPED);
    assertThat(kernel.held).isEmpty();
  }

  @Test
  void whatWasCountedBeforeARebootGoesWithThePolicyOnce() {
    var before =
        new PolicyTotals(List.of(new HookTotals(0, 7, 0, 7, 0, 0)), new ProcessTotals(1, 2, 3));
    engine.seed(Map.of("a", before));
    engine.want("1", List.of(wanted("a", 1)));
    assertThat(kernel.seeds.get("a")).isEqualTo(before);

    engine.want("2", List.of());
    engine.want("3", List.of(wanted("a", 1)));

    assertThat(kernel.seeds.get("a")).isEqualTo(PolicyTotals.NONE);
  }

  @Test
  void theFirstThingThatIsPublishedIsSettled() {
    engine.want("1", List.of(wanted("a", 1)));

    assertThat(published)
        .singleElement()
        .satisfies(first -> assertThat(first.policies().getFirst().state()).isEqualTo(LOADED));

    engine.want("2", List.of(wanted("a", 1), wanted("b", 1)));
    assertThat(published.stream().map(s -> s.policies().getLast().state().text()))
        .containsExactly("Loaded", "Pending", "Loading", "Loaded");
  }

  @Test
  void aPolicyThatChoosesPodsWaitsForThemAndWhatTheKernelHoldsOfItActsMeanwhile() {
    var hook = syscall("write");
    engine.want("1", List.of(wanted(policy("a", 1, hook))));
    kernel.asked.clear();

    engine.want("2", List.of(wanted(policy("a", 2, OF_SHOP, hook)), wanted(policy("b", 1, hook))));

    assertThat(kernel.asked).containsExactly("apply b 1");
    assertThat(states()).containsExactly("a LOADING", "b LOADED");

    coverage.listed();
    engine.tend();

    assertThat(kernel.asked).containsExactly("apply b 1", "apply a 2");
    assertThat(states()).containsExactly("a LOADED", "b LOADED");
  }

  private PolicyStanding standing(String uid) {
    return engine.standings().policies().stream()
        .filter(standing -> standing.policy().uid().equals(uid))
        .findFirst()
        .orElseThrow();
  }

  private List<String> states() {
    return engine.standings().policies().stream()
        .map(standing -> standing.policy().uid() + " " + standing.state())
        .toList();
  }

  private static WantedPolicy wanted(String uid, long generation) {
    return wanted(killWrites(uid, generation, "/data/" + generation));
  }

  private static WantedPolicy wanted(Policy policy) {
    return new WantedPolicy(
        policy.uid(), policy.name(), null, policy.generation(), new Reading.Accepted(policy));
  }

  private static WantedPolicy unreadable(String uid) {
    return new WantedPolicy(
        uid,
        uid,
        null,
        1,
        new Reading.Refused(
            List.of(
                new Reading.Problem(
                    "spec.lsmhooks", Reading.Kind.UNSUPPORTED, "not supported yet"))));
  }

  private static WantedPolicy strange(String uid) {
    return wanted(policy(uid, 1, syscall("uretprobe")));
  }
}
