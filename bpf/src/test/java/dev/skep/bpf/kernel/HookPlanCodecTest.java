package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.HOOK_PLAN;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
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
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.SelectorPlan;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HookPlanCodecTest {
  private static final Set<Long> SIX = Set.of(1L, 2L, 3L, 4L, 5L, 6L);

  private final MemorySegment plan = Arena.ofAuto().allocate(HOOK_PLAN);
  private final List<ValueSet> sets = new ArrayList<>();
  private final HookPlanCodec.Resources resources =
      new HookPlanCodec.Resources() {
        @Override
        public int set(ValueSet values) {
          sets.add(values);
          return 100 + sets.size();
        }

        @Override
        public int followed(boolean inNamespace, Set<Integer> pids) {
          return 5;
        }
      };

  @Test
  void everyFilterFindsItsPlace() throws Exception {
    var selector =
        new SelectorPlan(
            List.of(
                new PidFilter(true, true, false, Set.of(1)),
                new PidFilter(false, false, true, Set.of(8, 9))),
            List.of(new BinaryFilter(true, Set.of("/bin/cat"))),
            List.of(
                new ArgumentFilter(0, true, new Matching.TextPrefix(Set.of("/etc/"))),
                new ArgumentFilter(1, false, new Matching.OneOf(Set.of(-1L))),
                new ArgumentFilter(2, false, new Matching.OneOf(SIX)),
                new ArgumentFilter(1, false, new Matching.LessThan(0xffff_ffffL))),
            true,
            9);
    HookPlanCodec.write(plan, hook(selector, selector), 11, 22, resources);

    assertThat(HookPlanCodec.slot(plan)).isEqualTo(11);
    assertThat(HookPlanCodec.version(plan)).isEqualTo(22);
    assertThat(number("selectors[1].used")).isEqualTo(1);
    assertThat(number("selectors[1].signal")).isEqualTo(9);
    assertThat(number("selectors[2].used")).isZero();
    assertThat(number("selectors[0].pids[0].in_namespace")).isEqualTo(1);
    assertThat(plan.get(JAVA_INT, offset(HOOK_PLAN, "selectors[0].pids[0].values[0]"))).isOne();
    assertThat(plan.get(JAVA_LONG, offset(HOOK_PLAN, "selectors[0].pids[1].followed")))
        .isEqualTo(1 << 5);
    assertThat(number("selectors[0].filters[0].negated")).isEqualTo(1);
    assertThat(number("selectors[0].filters[0].operator")).isEqualTo(6);
    // An int is widened by its sign, whatever the policy's number is.
    assertThat(plan.get(JAVA_LONG, offset(HOOK_PLAN, "selectors[0].filters[1].values[0]")))
        .isEqualTo(-1);
    assertThat(plan.get(JAVA_LONG, offset(HOOK_PLAN, "selectors[0].filters[3].values[0]")))
        .isEqualTo(-1);
    assertThat(number("selectors[0].filters[2].count")).isEqualTo(255);
    assertThat(sets)
        .startsWith(
            new ValueSet.Texts(Set.of("/bin/cat")),
            new ValueSet.Prefixes(Set.of("/etc/")),
            new ValueSet.Numbers(SIX));
  }

  @Test
  void whatAPlanUsesIsReadBackAsItWasWritten() throws Exception {
    var selector =
        new SelectorPlan(
            List.of(new PidFilter(false, false, true, Set.of(8))),
            List.of(new BinaryFilter(false, Set.of("/a"))),
            List.of(
                new ArgumentFilter(0, false, new Matching.TextPostfix(Set.of(".so"))),
                new ArgumentFilter(2, false, new Matching.OneOf(SIX)),
                new ArgumentFilter(2, false, new Matching.OneOf(Set.of(1L))),
                new ArgumentFilter(2, false, new Matching.AnyBit(3))),
            true,
            0);
    HookPlanCodec.write(plan, hook(selector), 0, 1, resources);

    assertThat(HookPlanCodec.references(plan))
        .isEqualTo(new HookPlanCodec.References(List.of(101, 102, 103), List.of(5)));
  }

  @Test
  void whatHasNoRoomIsRefused() {
    var five = new PidFilter(false, false, false, Set.of(1, 2, 3, 4, 5));
    var crowded = new SelectorPlan(List.of(five), List.of(), List.of(), true, 0);
    assertThatThrownBy(() -> HookPlanCodec.write(plan, hook(crowded), 0, 1, resources))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("5 pids in a filter without followForks, at most 4");
    var plain = new SelectorPlan(List.of(), List.of(), List.of(), true, 0);
    assertThatThrownBy(() ->
            HookPlanCodec.write(
                plan, hook(plain, plain, plain, plain, plain, plain), 0, 1, resources))
        .hasMessageContaining("6 selectors, at most 5");
  }

  @Test
  void theHashTellsEqualPlansFromOthers() {
    var a = new SelectorPlan(List.of(), List.of(), List.of(texts("x", "y", "z")), true, 9);
    var b = new SelectorPlan(List.of(), List.of(), List.of(texts("z", "y", "x")), true, 9);
    var c = new SelectorPlan(List.of(), List.of(), List.of(texts("xy", "z")), true, 9);
    byte[] object = {1};
    assertThat(PlanHash.of(hook(a), object)).isEqualTo(PlanHash.of(hook(b), object));
    assertThat(PlanHash.of(hook(a), object)).isNotEqualTo(PlanHash.of(hook(c), object));
    assertThat(PlanHash.of(hook(a), object)).isNotEqualTo(PlanHash.of(hook(a), new byte[] {2}));
    // On every machine and in every run; SKEP_LAYOUT is in it.
    assertThat(PlanHash.of(hook(a), object).hex())
        .isEqualTo("78563dabbaefa02e66b8d1ea8e4dedc0f85f72a0f285a932d932e6560ab6ce8a");
  }

  private static ArgumentFilter texts(String... texts) {
    return new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(texts)));
  }

  private static HookPlan hook(SelectorPlan... selectors) {
    return new HookPlan(
        0,
        Set.of(1, 18),
        false,
        List.of(
            new ArgumentPlan(ArgumentKind.FD, 0, 0),
            new ArgumentPlan(ArgumentKind.INT, 1, 0),
            new ArgumentPlan(ArgumentKind.SIZE, 2, 0)),
        List.of(selectors));
  }

  private int number(String member) {
    return Byte.toUnsignedInt(plan.get(JAVA_BYTE, offset(HOOK_PLAN, member)));
  }
}
