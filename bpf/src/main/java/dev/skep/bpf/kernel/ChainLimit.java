package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyPlan.Scope;
import dev.skep.bpf.layout.Structs;
import java.util.Collection;
import java.util.Set;
import java.util.TreeMap;

/**
 * A chain of programs has an end in the kernel: where policies act together, a call can have so
 * many hooks and no more.
 */
final class ChainLimit {
  private final PointBits bits;
  private final Places places;
  private final SlotBook book;

  ChainLimit(PointBits bits, Places places, SlotBook book) {
    this.bits = bits;
    this.places = places;
    this.book = book;
  }

  /**
   * @param covers the sets of policies that cover cgroups now
   */
  void check(PolicyPlan plan, Collection<Set<String>> covers) throws BpfException {
    var asked = new TreeMap<Integer, Integer>();
    for (var hook : plan.hooks()) {
      places.points(hook.place()).forEach(point -> asked.merge(point, 1, Integer::sum));
    }
    for (var cover : covers) {
      if (plan.scope() == Scope.EVERYWHERE || cover.contains(plan.uid())) {
        var others = book.actingFor(cover);
        book.of(plan.uid()).values().forEach(others::clear);
        for (var entry : asked.entrySet()) {
          var meeting = bits.slots(entry.getKey());
          meeting.and(others);
          check("apply", entry.getKey(), meeting.cardinality() + entry.getValue());
        }
      }
    }
  }

  /** For policies that shall cover a cgroup together. */
  void check(Set<String> cover) throws BpfException {
    var acting = book.actingFor(cover);
    for (int point = 0; point < Structs.POINTS_MAX; point++) {
      var meeting = bits.slots(point);
      meeting.and(acting);
      check("cover", point, meeting.cardinality());
    }
  }

  private void check(String operation, int point, int hooks) throws BpfException {
    if (hooks > Structs.CHAIN_MAX) {
      throw new BpfException(
          operation,
          0,
          "%s would have %d hooks of all policies that act in the same cgroups; at most %d are supported"
              .formatted(places.name(point), hooks, Structs.CHAIN_MAX));
    }
  }
}
