package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.HOOK_PLAN;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.CapabilityFilter;
import dev.skep.bpf.HookPlan.CapabilitySet;
import dev.skep.bpf.HookPlan.LimitScope;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.NamespaceFilter;
import dev.skep.bpf.HookPlan.NamespaceKind;
import dev.skep.bpf.HookPlan.Network;
import dev.skep.bpf.HookPlan.NetworkProperty;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.Range;
import dev.skep.bpf.HookPlan.RateLimit;
import dev.skep.bpf.HookPlan.ReturnFilter;
import dev.skep.bpf.HookPlan.ReturnPlan;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class HookPlanCodecTest {
  private static final Set<Long> SIX = Set.of(1L, 2L, 3L, 4L, 5L, 6L);

  private final MemorySegment plan = Arena.ofAuto().allocate(HOOK_PLAN);
  private final List<ValueSet> sets = new ArrayList<>();
  private long secrets = 70;
  private final HookPlanCodec.Resources resources =
      new HookPlanCodec.Resources() {
        @Override
        public int set(ValueSet values) {
          sets.add(values);
          return 100 + sets.size();
        }

        @Override
        public int followed(Set<Followed> members) {
          return 5;
        }

        @Override
        public long secret() {
          return ++secrets;
        }
      };

  @Test
  void filtersComeSelectorBySelectorAndFromCheapToDear() throws Exception {
    var first =
        new SelectorPlan(
            List.of(
                new BinaryFilter(true, Set.of("/bin/cat")),
                new NamespaceFilter(true, NamespaceKind.NET, Set.of(-4))),
            List.of(
                new ArgumentFilter(0, true, new Matching.TextPrefix(Set.of("/etc/"))),
                new ArgumentFilter(2, false, new Matching.AnyBit(6))),
            true,
            9);
    var second = new SelectorPlan(List.of(), List.of(), false, 0);
    HookPlanCodec.write(plan, hook(first, second), 11, 22, resources);

    assertThat(HookPlanCodec.slot(plan)).isEqualTo(11);
    assertThat(HookPlanCodec.version(plan)).isEqualTo(22);
    assertThat(number("signals")).isEqualTo(1);
    assertThat(number("selectors[0].post")).isEqualTo(1);
    assertThat(number("selectors[0].signal")).isEqualTo(9);
    assertThat(number("selectors[1].post")).isZero();
    assertThat(filters())
        .containsExactly(
            FilterOperator.MASK,
            FilterOperator.NAMESPACE,
            FilterOperator.BINARY_EQUAL,
            FilterOperator.TEXT_PREFIX,
            FilterOperator.ALWAYS);
    assertThat(List.of(number("filters[0].last"), number("filters[3].last"))).containsExactly(0, 1);
    assertThat(number("filters[4].selector")).isEqualTo(1);
    assertThat(number("filters[4].last")).isEqualTo(1);
    assertThat(number("filters[1].negated")).isEqualTo(1);
    assertThat(number("filters[1].argument")).isEqualTo(5);
    assertThat(value("filters[1].values[0]")).isEqualTo(0xffff_fffcL); // an inode has no sign
    assertThat(number("filters[3].set")).isEqualTo(102);
  }

  @Test
  void withoutSelectorsTheFirstPosts() throws Exception {
    HookPlanCodec.write(plan, hook(), 1, 2, resources);

    assertThat(number("selectors[0].post")).isEqualTo(1);
    assertThat(filters()).isEmpty();
  }

  @Test
  void fewNetworksAndPortsAreConstantsAndManyAreSets() throws Exception {
    var network = new Network(false, 0, 0x7f01_0000L, 16);
    var all = new Network(false, 0, 0, 0);
    var ipv6 = new Network(true, 0, 1, 128);
    var ports = Set.of(new Range(443, 443), new Range(8000, 8999));
    var many =
        LongStream.rangeClosed(1, 5)
            .mapToObj(port -> new Range(port, port))
            .collect(Collectors.toSet());
    var selector =
        new SelectorPlan(
            List.of(),
            List.of(
                new ArgumentFilter(0, false, new Matching.InNetworks(true, Set.of(network, all))),
                new ArgumentFilter(0, true, new Matching.InNetworks(false, Set.of(network, ipv6))),
                new ArgumentFilter(
                    0, false, new Matching.PropertyInRange(NetworkProperty.SOURCE_PORT, ports)),
                new ArgumentFilter(
                    0, false, new Matching.PropertyInRange(NetworkProperty.PROTOCOL, many)),
                new ArgumentFilter(0, false, new Matching.FileTypeOneOf(Set.of(0100000, 0040000)))),
            true,
            0);
    HookPlanCodec.write(plan, hook(selector), 0, 1, resources);

    assertThat(filters())
        .containsExactly(
            FilterOperator.FILE_TYPE,
            FilterOperator.PROTOCOL,
            FilterOperator.SOURCE_PORT,
            FilterOperator.SOURCE_ADDRESS,
            FilterOperator.DESTINATION_ADDRESS);
    assertThat(number("networks")).isEqualTo(1);
    assertThat(value("filters[0].values[0]")).isEqualTo(1 << 8 | 1 << 4);
    assertThat(number("filters[1].count")).isEqualTo(255);
    assertThat(List.of(value("filters[2].values[0]"), value("filters[2].values[1]")))
        .containsExactly(443L << 32 | 443, 8999L << 32 | 8000);
    assertThat(number("filters[3].count")).isEqualTo(255);
    assertThat(List.of(value("filters[4].values[0]"), value("filters[4].values[1]")))
        .containsExactly(0L, 0x7f01_0000_ffff_0000L);
    assertThat(HookPlanCodec.references(plan).sets()).hasSize(2);
  }

  @Test
  void aLimitHasItsOwnKey() throws Exception {
    var limit = new RateLimit(0xffff_ffffL, LimitScope.GLOBAL);
    var limited = new SelectorPlan(List.of(), List.of(), true, 0, limit, 0);
    var free = new SelectorPlan(List.of(), List.of(), true, 0);
    HookPlanCodec.write(plan, hook(free, limited), 0, 1, resources);

    assertThat(number("limits")).isEqualTo(1);
    assertThat(number("selectors[0].limit_seconds")).isZero();
    assertThat(number("selectors[1].limit_seconds")).isEqualTo(255);
    assertThat(number("selectors[1].limit_scope")).isEqualTo(2);
    assertThat(List.of(value("limit_key[0]"), value("limit_key[1]"))).containsExactly(71L, 72L);
  }

  @Test
  void numbersAreWidenedAsTheirArgumentIs() throws Exception {
    var selector =
        new SelectorPlan(
            List.of(),
            List.of(
                new ArgumentFilter(1, false, new Matching.OneOf(Set.of(-1L))),
                new ArgumentFilter(1, false, new Matching.InRange(Set.of(new Range(-2, 5)))),
                new ArgumentFilter(1, false, new Matching.LessThan(0xffff_ffffL))),
            true,
            0);
    HookPlanCodec.write(plan, hook(selector), 0, 1, resources);

    // An int is widened by its sign, whatever the policy's number is.
    assertThat(value("filters[0].values[0]")).isEqualTo(-1);
    assertThat(List.of(value("filters[1].values[0]"), value("filters[1].values[1]")))
        .containsExactly(-2L, 5L);
    assertThat(value("filters[2].values[0]")).isEqualTo(-1);
  }

  @Test
  void manyNumbersAreInSets() throws Exception {
    var selector =
        new SelectorPlan(
            List.of(new PidFilter(false, true, false, Set.of(1, 2, 3, 4, 5))),
            List.of(
                new ArgumentFilter(2, false, new Matching.OneOf(SIX)),
                new ArgumentFilter(
                    2,
                    false,
                    new Matching.InRange(
                        Set.of(new Range(1, 1), new Range(4, 7), new Range(8, 8))))),
            true,
            0);
    HookPlanCodec.write(plan, hook(selector), 0, 1, resources);

    assertThat(number("filters[0].count")).isEqualTo(255);
    assertThat(sets)
        .containsExactly(
            new ValueSet.Numbers(Set.of(1L, 2L, 3L, 4L, 5L)),
            new ValueSet.Numbers(SIX),
            new ValueSet.Ranges(
                Set.of(new NumberPrefix(1, 64), new NumberPrefix(4, 62), new NumberPrefix(8, 64))));
  }

  @Test
  void whatIsAskedWhenTheCallReturnsIsAFilterLikeOthers() throws Exception {
    var six = new ReturnFilter(true, new Matching.OneOf(SIX));
    var fails = new ReturnFilter(false, new Matching.LessThan(0));
    var quiet = new ReturnPlan(ArgumentKind.INT, List.of(six, fails), false, 9);
    HookPlanCodec.write(
        plan,
        hook(
            new SelectorPlan(List.of(), List.of(), true, 0),
            new SelectorPlan(List.of(), List.of(), true, 0, null, 0, quiet)),
        0,
        1,
        resources);

    assertThat(filters())
        .containsExactly(FilterOperator.ALWAYS, FilterOperator.EQUAL, FilterOperator.LESS);
    assertThat(number("filters[1].argument")).isEqualTo(Structs.OF_RETURN);
    assertThat(number("filters[1].negated")).isEqualTo(1);
    assertThat(number("asking")).isEqualTo(0b10);
    assertThat(number("telling")).isEqualTo(0b01);
    assertThat(number("return_kind")).isEqualTo(ArgumentKind.INT.code());
    assertThat(number("return_signals")).isEqualTo(1);
    assertThat(number("selectors[1].return_signal")).isEqualTo(9);
    assertThat(HookPlanCodec.references(plan).sets()).hasSize(1);
  }

  @Test
  void whatAPlanUsesIsReadBackAsItWasWritten() throws Exception {
    var selector =
        new SelectorPlan(
            List.of(
                new PidFilter(false, false, true, Set.of(8)),
                new BinaryFilter(false, Set.of("/a")),
                new CapabilityFilter(false, CapabilitySet.PERMITTED, 1, 7)),
            List.of(
                new ArgumentFilter(0, false, new Matching.TextPostfix(Set.of(".so"))),
                new ArgumentFilter(2, false, new Matching.OneOf(SIX)),
                new ArgumentFilter(2, false, new Matching.OneOf(Set.of(1L))),
                new ArgumentFilter(2, false, new Matching.AnyBit(3))),
            true,
            0);
    HookPlanCodec.write(plan, hook(selector), 0, 1, resources);

    var used = HookPlanCodec.references(plan);
    assertThat(used.sets()).containsExactlyInAnyOrder(101, 102, 103);
    assertThat(used.followed()).containsExactly(5);
  }

  @Test
  void whatHasNoRoomIsRefused() {
    var plain = new SelectorPlan(List.of(), List.of(), true, 0);
    var crowd = Collections.nCopies(17, plain).toArray(SelectorPlan[]::new);
    assertThatThrownBy(() -> HookPlanCodec.write(plan, hook(crowd), 0, 1, resources))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("17 selectors, at most 16");
    var one = new ArgumentFilter(1, false, new Matching.LessThan(7));
    var full = new SelectorPlan(List.of(), Collections.nCopies(129, one), true, 0);
    assertThatThrownBy(() -> HookPlanCodec.write(plan, hook(full, full), 0, 1, resources))
        .hasMessageContaining("258 filters in all selectors of a hook, at most 256");
  }

  @Test
  void theHashTellsEqualPlansFromOthers() throws Exception {
    var a = new SelectorPlan(List.of(), List.of(), List.of(texts("x", "y", "z")), true, 9);
    var b = new SelectorPlan(List.of(), List.of(), List.of(texts("z", "y", "x")), true, 9);
    var c = new SelectorPlan(List.of(), List.of(), List.of(texts("xy", "z")), true, 9);
    var d = new SelectorPlan(List.of(), List.of(), List.of(texts("x", "y", "z")), true, 15);
    var object = PlanHash.ofContent(new byte[] {1});
    var print = PlanPrint.of(hook(a), object);
    assertThat(PlanPrint.of(hook(b), object)).isEqualTo(print);
    assertThat(PlanPrint.of(hook(c), object).program()).isEqualTo(print.program());
    assertThat(PlanPrint.of(hook(c), object).plan()).isNotEqualTo(print.plan());
    assertThat(PlanPrint.of(hook(d), object).program()).isNotEqualTo(print.program());
    var other = PlanHash.ofContent(new byte[] {2});
    assertThat(PlanPrint.of(hook(a), other).program()).isNotEqualTo(print.program());
    // On every machine and in every run; SKEP_LAYOUT is in it.
    assertThat(print.plan().hex())
        .isEqualTo("0e6653b308cf29cbc1c48c6ad79ce183e2e206d82ddd37d9ca6f41ae258b9c79");
  }

  @Test
  void setsAreToldInTheOrderThatTheConstantsHave() throws Exception {
    var binaries = new BinaryFilter(false, Set.of("/bin/a"));
    var selector = new SelectorPlan(List.of(binaries), List.of(texts("x")), true, 9);
    var reversed = new SelectorPlan(List.of(), List.of(texts("y")), true, 9);
    var object = PlanHash.ofContent(new byte[] {1});
    assertThat(PlanPrint.of(hook(selector, reversed), object).sets())
        .containsExactly(
            new ValueSet.Texts(Set.of("/bin/a")),
            new ValueSet.Texts(Set.of("x")),
            new ValueSet.Texts(Set.of("y")));
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

  private long value(String member) {
    return plan.get(JAVA_LONG, offset(HOOK_PLAN, member));
  }

  private List<FilterOperator> filters() {
    return IntStream.range(0, Structs.FILTERS_MAX)
        .mapToObj(i -> FilterOperator.of(number("filters[" + i + "].operator")))
        .takeWhile(operator -> operator != FilterOperator.NONE)
        .toList();
  }
}
