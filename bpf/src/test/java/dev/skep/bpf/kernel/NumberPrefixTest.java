package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.HookPlan.Range;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NumberPrefixTest {
  @Test
  void aRangeIsMadeOfTheLargestBlocks() {
    assertThat(of(false, new Range(3, 12)))
        .containsExactlyInAnyOrder(
            new NumberPrefix(3, 64),
            new NumberPrefix(4, 62),
            new NumberPrefix(8, 62),
            new NumberPrefix(12, 64));
    assertThat(of(false, new Range(0, -1))).containsExactly(new NumberPrefix(0, 0));
    assertThat(of(false, new Range(7, 7))).containsExactly(new NumberPrefix(7, 64));
    assertThat(of(false, new Range(-2, -1))).containsExactly(new NumberPrefix(-2, 63));
  }

  @Test
  void negativeNumbersAreApart() {
    assertThat(of(true, new Range(-2, 1)))
        .containsExactlyInAnyOrder(new NumberPrefix(-2, 63), new NumberPrefix(0, 63));
    assertThat(of(true, new Range(Long.MIN_VALUE, Long.MAX_VALUE)))
        .containsExactlyInAnyOrder(new NumberPrefix(Long.MIN_VALUE, 1), new NumberPrefix(0, 1));
    assertThat(of(true, new Range(Long.MIN_VALUE, -1)))
        .containsExactly(new NumberPrefix(Long.MIN_VALUE, 1));
  }

  /** Each bound can cost as many as a number has bits. */
  @Test
  void noRangeIsMadeOfMoreThan126() {
    assertThat(of(false, new Range(1, -2))).hasSize(126);
  }

  private static Set<NumberPrefix> of(boolean signed, Range range) {
    return NumberPrefix.of(List.of(range), signed);
  }
}
