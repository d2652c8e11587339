package dev.skep.operator.observed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.crds.v1alpha1.HookEvents;
import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.crds.v1alpha1.NodeStateStatus.PolicyState;
import dev.skep.crds.v1alpha1.ProcessEvents;
import dev.skep.crds.v1alpha1.ViolationTotals;
import dev.skep.operator.plan.NodeFacts;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClusterViewTest {
  private final ClusterView view = new ClusterView();
  private int version;

  @Test
  void countersOfAllNodesAreAddedUp() {
    seen("a", "b");
    report("a", "c1", policy("p", 3), policy("q", 10));
    report("b", "c1", policy("p", 4));

    assertThat(total("p")).isEqualTo(7);
    assertThat(total("q")).isEqualTo(10);
    assertThat(view.of("p").totals().violations()).isEqualTo(new ViolationTotals(7, 7, 0));
    assertThat(view.of("p").totals().processEvents()).isEqualTo(new ProcessEvents(7, 7, 7));
  }

  @Test
  void onlyPoliciesThatAReportSaysSomethingNewOfAreTouched() {
    seen("a");
    assertThat(report("a", "c1", policy("p", 3), policy("q", 1))).containsOnly("p", "q");
    assertThat(report("a", "c1", policy("p", 3), policy("q", 2))).containsOnly("q");
    assertThat(report("a", "c1", policy("p", 3), policy("q", 2))).isEmpty();
    assertThat(report("a", "c2", policy("q", 2))).containsOnly("p");
  }

  @Test
  void aNodeThatIsRemovedLeavesItsCountersToTheLedgerInWhateverOrderTheNewsCome() {
    for (boolean nodeFirst : List.of(true, false)) {
      var policy = "p" + nodeFirst;
      seen("a", "b");
      report("a", "c1", policy(policy, 3));
      report("b", "c1", policy(policy, 4));

      if (nodeFirst) {
        view.nodeGone("b");
        view.reportGone("b");
      } else {
        view.reportGone("b");
        assertThat(total(policy)).isEqualTo(7);
        assertThat(view.losses()).isEmpty();
        view.nodeGone("b");
      }

      assertThat(total(policy)).isEqualTo(7);
      assertThat(view.losses()).extracting(Loss::policy).containsExactly(policy);
      settle();
      assertThat(view.losses()).isEmpty();
      assertThat(total(policy)).isEqualTo(7);
      assertThat(view.ledger().of(policy).events()).containsEntry("sys_write", 4L);
    }
  }

  @Test
  void aNodeThatComesBackUnderItsNameStartsFromZero() {
    seen("a");
    report("a", "c1", policy("p", 3));
    view.nodeGone("a");
    view.nodeSeen(new NodeFacts("a", "second-uid", Map.of()));
    // The deletion of the first state was missed: the next that is seen is the second one.
    view.reported(read("a", "second-state", "second-uid", "c1", policy("p", 1)));

    assertThat(total("p")).isEqualTo(4);
    settle();
    assertThat(total("p")).isEqualTo(4);
  }

  @Test
  void aPolicyThatLeavesANodeByPlanLeavesItsCountersToTheLedger() {
    seen("a");
    report("a", "c1", policy("p", 3));
    report("a", "c2");
    assertThat(total("p")).isEqualTo(3);
    settle();

    report("a", "c3", policy("p", 2));

    assertThat(total("p")).isEqualTo(5);
  }

  @Test
  void aReportThatIsTakenBackWhileTheNodeLivesIsCountedOnUntilTheNextOne() {
    seen("a");
    report("a", "c1", policy("p", 3));
    view.reportGone("a");
    assertThat(total("p")).isEqualTo(3);
    assertThat(view.of("p").reports()).isEmpty();

    report("a", "c1", policy("p", 4));

    assertThat(total("p")).isEqualTo(4);
    assertThat(view.losses()).isEmpty();
  }

  @Test
  void anAgentThatStartsAndHasNoCountersYetTakesNothingAway() {
    seen("a");
    report("a", "c1", policy("p", 3), policy("q", 5));
    report("a", "c1", silent("p"));
    assertThat(total("p")).isEqualTo(3);
    assertThat(total("q")).isEqualTo(5);

    report("a", "c1", policy("p", 4), policy("q", 5));

    assertThat(total("p")).isEqualTo(4);
    assertThat(total("q")).isEqualTo(5);
    assertThat(view.losses()).isEmpty();
  }

  @Test
  void aCounterThatStartsAgainFromZeroIsAddedToWhatItWas() {
    seen("a");
    report("a", "c1", policy("p", 30));
    report("a", "c1", policy("p", 2));

    assertThat(total("p")).isEqualTo(32);
    settle();
    assertThat(total("p")).isEqualTo(32);
  }

  @Test
  void aHookThatAnEditTakesAwayStaysInTheSum() {
    seen("a");
    report("a", "c1", policy("p", 30));
    report("a", "c2", state("p", List.of(new HookEvents("sys_read", 1)), 30));

    assertThat(view.of("p").totals().events()).isEqualTo(Map.of("sys_write", 30L, "sys_read", 1L));
  }

  @Test
  void whatWentAwayBeforeThisProcessLookedIsMadeGoodFromTheStatusOnce() {
    seen("a");
    report("a", "c1", policy("p", 10));
    var said = Totals.of(List.of(new HookEvents("sys_write", 15)), null, null);

    view.compareOnce("p", "7", said);
    view.compareOnce("p", "8", Totals.of(List.of(new HookEvents("sys_write", 99)), null, null));

    assertThat(total("p")).isEqualTo(15);
    settle();
    assertThat(total("p")).isEqualTo(15);
  }

  @Test
  void aLossIsTakenOnceHoweverOftenItIsOffered() {
    var loss = new Loss("key", "p", Totals.of(List.of(new HookEvents("sys_write", 4)), null, null));
    var once = Ledger.EMPTY.take(List.of(loss), _ -> true);

    assertThat(once.take(List.of(loss), _ -> true)).isEqualTo(once);
    assertThat(once.of("p").events()).containsEntry("sys_write", 4L);
  }

  @Test
  void theLedgerForgetsPoliciesThatAreGoneAndReadsBackWhatItWrote() {
    var losses =
        List.of(
            new Loss("1", "p", Totals.of(List.of(), new ProcessEvents(1, 2, 3), null)),
            new Loss("2", "q", Totals.of(List.of(), null, new ViolationTotals(3, 2, 1))));
    var ledger = Ledger.EMPTY.take(losses, "p"::equals);

    assertThat(ledger.policies()).containsOnlyKeys("p");
    assertThat(ledger.settled()).containsExactly("1");
    assertThat(ledger.take(losses, _ -> false).policies()).isEmpty();
    assertThat(Ledger.decode(ledger.encode())).isEqualTo(ledger);
  }

  @Test
  void aLedgerThatCannotBeReadIsAnError() {
    for (var text : List.of("{", "[]", "{\"schema\": 2}", "{\"schema\": 1, \"policies\": 3}")) {
      assertThatThrownBy(() -> Ledger.decode(Map.of("ledger.json", text)))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("ledger");
    }
  }

  @Test
  void nodesThatLieMakeNoSumNegative() {
    seen("a", "b");
    report("a", "c1", policy("p", Long.MAX_VALUE));
    report("b", "c1", policy("p", Long.MAX_VALUE));
    report("a", "c1", policy("q", -5));

    assertThat(total("p")).isEqualTo(Long.MAX_VALUE);
    assertThat(view.of("q").totals().nothing()).isTrue();
  }

  private void settle() {
    var losses = view.losses();
    view.settled(view.ledger().take(losses, _ -> true), losses);
  }

  private long total(String policy) {
    return view.of(policy).totals().events().getOrDefault("sys_write", 0L);
  }

  private void seen(String... nodes) {
    for (var node : nodes) {
      view.nodeSeen(new NodeFacts(node, node + "-uid", Map.of()));
    }
  }

  private Set<String> report(String node, String config, PolicyState... policies) {
    return view.reported(read(node, node + "-state", node + "-uid", config, policies));
  }

  private NodeReport read(
      String node, String uid, String nodeUid, String config, PolicyState... policies) {
    version++;
    return NodeReport.of(
        node,
        uid,
        Integer.toString(version),
        nodeUid,
        new NodeStateStatus(
            node,
            "boot",
            "test",
            null,
            config,
            List.of(policies),
            List.of(),
            List.of(),
            null,
            null));
  }

  private static PolicyState policy(String uid, long count) {
    return state(uid, List.of(new HookEvents("sys_write", count)), count);
  }

  private static PolicyState state(String uid, List<HookEvents> events, long count) {
    return state(
        uid, events, new ProcessEvents(count, count, count), new ViolationTotals(count, count, 0));
  }

  private static PolicyState silent(String uid) {
    return state(uid, List.of(), null, null);
  }

  private static PolicyState state(
      String uid,
      List<HookEvents> events,
      @Nullable ProcessEvents processEvents,
      @Nullable ViolationTotals violations) {
    return new PolicyState(
        uid,
        uid,
        null,
        1L,
        "Loaded",
        null,
        null,
        "enforce",
        events,
        processEvents,
        violations,
        null,
        null);
  }
}
