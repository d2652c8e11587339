package dev.skep.bpf.kernel;

import dev.skep.bpf.HookPlan.Range;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * All numbers of 64 bits whose first bits are these: how the kernel's tries take ranges.
 *
 * @param number the lowest of them
 * @param bits how many are the same, 0 to 64
 */
record NumberPrefix(long number, int bits) {

  /** The fewest that make up these ranges, of signed numbers or of unsigned ones. */
  static Set<NumberPrefix> of(Collection<Range> ranges, boolean signed) {
    var prefixes = new HashSet<NumberPrefix>();
    for (var range : ranges) {
      if (signed && range.low() < 0 && range.high() >= 0) {
        split(range.low(), -1, prefixes); // as bits, these are above the others
        split(0, range.high(), prefixes);
      } else {
        split(range.low(), range.high(), prefixes);
      }
    }
    return prefixes;
  }

  /** From the low end on, each time the largest block that begins there and does not go beyond. */
  private static void split(long low, long high, Set<NumberPrefix> prefixes) {
    long at = low;
    while (Long.compareUnsigned(at, high) <= 0) {
      int free = Long.numberOfTrailingZeros(at);
      while (free > 0 && Long.compareUnsigned(at | mask(free), high) > 0) {
        free--;
      }
      prefixes.add(new NumberPrefix(at, Long.SIZE - free));
      long last = at | mask(free);
      if (last == -1) {
        return;
      }
      at = last + 1;
    }
  }

  private static long mask(int bits) {
    return bits == Long.SIZE ? -1 : (1L << bits) - 1;
  }
}
