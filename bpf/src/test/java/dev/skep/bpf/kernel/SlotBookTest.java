package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyPlan.Scope;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SlotBookTest {
  private final SlotBook book = new SlotBook();

  @Test
  void aHookKeepsItsSlotOverEditions() throws Exception {
    take("a", 0, 1);
    take("b", 0);
    var before = book.of("a");

    var chosen = book.choose("a", List.of(0, 1, 2));

    assertThat(chosen).containsAllEntriesOf(before).containsOnlyKeys(0, 1, 2);
    assertThat(book.of("b").values()).doesNotContainAnyElementsOf(chosen.values());
  }

  @Test
  void choosingTakesNothing() throws Exception {
    book.choose("a", List.of(0, 1));
    assertThat(book.all()).isEmpty();
  }

  @Test
  void aFreedSlotIsUsedAgainLast() throws Exception {
    take("a", 0);
    int freed = book.of("a").firstEntry().getValue();
    book.free(freed);
    for (int i = 0; i < Structs.HOOKS_MAX - 1; i++) {
      take("b" + i, 0);
      assertThat(book.get(freed)).isNull();
    }
    take("c", 0);
    assertThat(book.get(freed)).isNotNull();
  }

  @Test
  void whenAllAreTakenTheNextIsRefused() throws Exception {
    take("a", IntStream.range(0, Structs.HOOKS_MAX).toArray());
    assertThatThrownBy(() -> book.choose("b", List.of(0)))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining(Structs.HOOKS_MAX + " hooks");
    assertThat(book.choose("a", List.of(5))).hasSize(1);
  }

  @Test
  void versionsNeverComeAgain() {
    book.put(3, state("a", 0, 17));
    book.free(3);
    assertThat(book.nextVersion()).isEqualTo(18);
    assertThat(book.nextVersion()).isEqualTo(19);
  }

  @Test
  void aStateSurvivesItsWayThroughTheKernel() {
    try (var arena = Arena.ofConfined()) {
      var bytes = arena.allocate(Structs.HOOK_STATE);
      assertThat(HookState.isTaken(bytes)).isFalse();
      var state =
          new HookState(
              "01234567-89ab-cdef-0123-456789abcdef-xx",
              1L << 40,
              7,
              true,
              12,
              new PlanHash("5a".repeat(Structs.HASH_BYTES)),
              new PlanHash("b7".repeat(Structs.HASH_BYTES)),
              Scope.CHOSEN,
              new ProcessTotals(-1, -2, 3),
              18);
      state.write(bytes);
      assertThat(HookState.isTaken(bytes)).isTrue();
      assertThat(HookState.read(bytes)).isEqualTo(state);
    }
  }

  private void take(String policy, int... indexes) throws BpfException {
    book.choose(policy, IntStream.of(indexes).boxed().toList())
        .forEach((index, slot) -> book.put(slot, state(policy, index, 1)));
  }

  private static HookState state(String policy, int index, int version) {
    return new HookState(
        policy,
        1,
        index,
        false,
        version,
        PlanHash.NONE,
        PlanHash.NONE,
        Scope.EVERYWHERE,
        new ProcessTotals(0, 0, 0),
        0);
  }
}
