package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyPlan.Scope;
import dev.skep.bpf.layout.Structs;
import java.util.Collection;
import java.util.Set;
import java.util.TreeMap;

/**
 * A chain of programs has an end in the kernel: where policies act together, a system call can have
 * so many hooks and no more.
 */
final class ChainLimit {
  private final SyscallBits bits;
  private final SlotBook book;

  ChainLimit(SyscallBits bits, SlotBook book) {
    this.bits = bits;
    this.book = book;
  }

  /**
   * @param covers the sets of policies that cover cgroups now
   */
  void check(PolicyPlan plan, Collection<Set<String>> covers) throws BpfException {
    var asked = new TreeMap<Integer, Integer>();
    plan.hooks()
        .forEach(hook -> hook.syscalls().forEach(call -> asked.merge(call, 1, Integer::sum)));
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
    for (int syscall = 0; syscall < Structs.SYSCALLS_MAX; syscall++) {
      var meeting = bits.slots(syscall);
      meeting.and(acting);
      check("cover", syscall, meeting.cardinality());
    }
  }

  private static void check(String operation, int syscall, int hooks) throws BpfException {
    if (hooks > Structs.CHAIN_MAX) {
      throw new BpfException(
          operation,
          0,
          "system call %d would have %d hooks of all policies that act in the same cgroups; at most %d are supported"
              .formatted(syscall, hooks, Structs.CHAIN_MAX));
    }
  }
}
