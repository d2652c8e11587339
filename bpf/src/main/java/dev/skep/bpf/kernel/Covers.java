package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyPlan.Scope;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.bpf.libbpf.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which policies act in which cgroups. A cgroup has a cover, which is the number of a set of
 * policies; the hooks of that set are in one place for all its cgroups. So a policy that comes,
 * changes or goes is written once for each cover, and never meets a cgroup that is made meanwhile.
 * One thread at a time.
 */
final class Covers {
  private static final int E2BIG = 7;
  private static final long ENTRY_COVER = Structs.offset(Structs.CGROUP_COVER, "cover");
  private static final long OTHERS = Structs.offset(Structs.COVERING, "others");

  /** A look at as many cgroups as there can be takes a while. */
  private static final Duration SWEEP_PAUSE = Duration.ofMinutes(1);

  /** Writes the state of a slot to kernel and book. */
  interface States {
    void write(int slot, HookState state) throws BpfException;
  }

  private final KernelMap cgroups;
  private final KernelMap hooks;
  private final KernelMap counters;
  private final KernelMap covering;
  private final SlotBook book;
  private final ChainLimit chains;
  private final States states;
  private final CoverBook covers = new CoverBook();

  /** What {@code hooks} has, as far as this agent wrote it. */
  private final Map<Integer, BitSet> written = new HashMap<>();

  private long lastSweep = System.nanoTime() - SWEEP_PAUSE.toNanos();
  private boolean any;
  private int others = CoverBook.NOBODY;

  Covers(NodeMaps maps, SlotBook book, ChainLimit chains, States states) throws BpfException {
    this.cgroups = maps.get("cgroup_covers");
    this.hooks = maps.get("covers");
    this.counters = maps.get("cover_counters");
    this.covering = maps.get("covering");
    this.book = book;
    this.chains = chains;
    this.states = states;
  }

  /** Learns from the hooks of each cover which policies an earlier agent put into it. */
  void recover() throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.COVERING);
      covering.get(0, value);
      any = value.get(JAVA_INT, 0) != 0;
      others = value.get(JAVA_INT, OTHERS);
    }
    var used = used();
    hooksInKernel()
        .forEach((number, slots) -> {
          var uids = book.chosen(slots);
          if (!uids.isEmpty() || used.contains(number)) {
            covers.put(number, uids);
          }
        });
    endFolds();
  }

  /** After policies came, changed or went. */
  void refresh() throws BpfException {
    for (int number : covers.numbers()) {
      var slots = book.actingFor(covers.set(number));
      if (!slots.equals(written.get(number))) {
        PointBits.write(hooks, number, slots);
        written.put(number, slots);
      }
    }
  }

  void cover(long cgroup, Set<String> uids) throws BpfException {
    chains.check(uids);
    int cover = number(uids);
    try (var arena = Arena.ofConfined()) {
      var key = arena.allocateFrom(JAVA_LONG, cgroup);
      var value = arena.allocate(Structs.CGROUP_COVER);
      value.set(JAVA_LONG, 0, cgroup);
      value.set(JAVA_INT, ENTRY_COVER, cover);
      try {
        cgroups.put(key, value);
      } catch (BpfException e) {
        if (e.errno() != E2BIG) {
          throw e;
        }
        if (!sweep()) {
          throw new BpfException(
              "cover",
              E2BIG,
              "cgroup %d: policies can be chosen for %d cgroups of a node, which it has already"
                  .formatted(cgroup, cgroups.maxEntries()));
        }
        cgroups.put(key, value);
      }
    }
    if (!any) {
      write(true, others);
    }
  }

  void uncover(long cgroup) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      cgroups.delete(arena.allocateFrom(JAVA_LONG, cgroup));
    }
    if (any && cgroups.isEmpty()) {
      write(false, others);
      Libc.awaitRunningPrograms(); // one of which may just have inherited
      if (!cgroups.isEmpty()) {
        write(true, others);
      }
    }
  }

  void coverOthers(Set<String> uids) throws BpfException {
    chains.check(uids);
    write(any, number(uids));
  }

  private void write(boolean newAny, int newOthers) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      covering.put(0, arena.allocateFrom(JAVA_INT, newAny ? 1 : 0, newOthers));
    }
    any = newAny;
    others = newOthers;
  }

  /** What happened in the policy's cgroups while they were its. */
  ProcessTotals counted(String uid) throws BpfException {
    var sum = new ProcessTotals(0, 0, 0);
    for (int number : covers.with(uid)) {
      sum = sum.plus(counted(number));
    }
    return sum;
  }

  private ProcessTotals counted(int number) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.COVER_COUNTERS);
      counters.get(number, value);
      return new ProcessTotals(
          value.getAtIndex(JAVA_LONG, 0),
          value.getAtIndex(JAVA_LONG, 1),
          value.getAtIndex(JAVA_LONG, 2));
    }
  }

  /** Slots that the kernel does not have in those covers where they belong. */
  BitSet misplaced() throws BpfException {
    var misplaced = new BitSet();
    var inKernel = hooksInKernel();
    for (int number : covers.numbers()) {
      var difference = book.actingFor(covers.set(number));
      difference.xor(inKernel.getOrDefault(number, new BitSet()));
      misplaced.or(difference);
    }
    return misplaced;
  }

  private Map<Integer, BitSet> hooksInKernel() throws BpfException {
    var found = new HashMap<Integer, BitSet>();
    hooks.forEach(
        (key, value) -> found.put(key.get(JAVA_INT, 0), BitSet.valueOf(value.toArray(JAVA_LONG))));
    return found;
  }

  /** The sets of policies that a cgroup has. */
  Set<Set<String>> inUse() throws BpfException {
    return used().stream().map(covers::set).collect(Collectors.toSet());
  }

  /** Those that a cgroup has or can inherit. */
  private Set<Integer> used() throws BpfException {
    var used = new HashSet<>(List.of(CoverBook.NOBODY, others));
    cgroups.forEach((_, value) -> used.add(value.get(JAVA_INT, ENTRY_COVER)));
    return used;
  }

  private int number(Set<String> uids) throws BpfException {
    var known = covers.numberOf(uids);
    if (known.isPresent()) {
      return known.getAsInt();
    }
    var free = covers.freeNumber();
    if (free.isEmpty()) {
      reclaim();
      free = covers.freeNumber();
    }
    if (free.isEmpty()) {
      throw new BpfException(
          "cover",
          0,
          "the cgroups of a node can be covered by %d different sets of policies: use fewer"
                  .formatted(Structs.COVERS_MAX)
              + " policies that select their pods each in another way");
    }
    int number = free.getAsInt();
    try (var arena = Arena.ofConfined()) {
      counters.put(number, arena.allocate(Structs.COVER_COUNTERS));
    }
    written.remove(number);
    covers.put(number, uids);
    refresh();
    return number;
  }

  /** Frees the numbers that no cgroup has; what happened in theirs goes to the policies' bases. */
  private void reclaim() throws BpfException {
    Libc.awaitRunningPrograms(); // one of which may still count there, or hand the number on
    var unused = new ArrayList<>(covers.numbers());
    unused.removeAll(used());
    for (int number : unused) {
      var counted = counted(number);
      for (var uid : covers.set(number)) {
        fold(uid, number, counted);
      }
      PointBits.write(hooks, number, new BitSet());
      for (var uid : covers.set(number)) {
        mark(uid, 0);
      }
      covers.free(number);
    }
  }

  /** In one step for each slot, so that who ends in the middle leaves word of how far he came. */
  private void fold(String uid, int number, ProcessTotals counted) throws BpfException {
    for (int slot : book.of(uid).values()) {
      var state = book.taken(slot);
      if (state.scope() == Scope.CHOSEN) {
        states.write(slot, state.with(state.base().plus(counted), number + 1));
      }
    }
  }

  private void mark(String uid, int folded) throws BpfException {
    for (int slot : book.of(uid).values()) {
      states.write(slot, book.taken(slot).with(base(uid), folded));
    }
  }

  /** The first slot's is what counts. */
  private ProcessTotals base(String uid) {
    return book.taken(book.of(uid).firstEntry().getValue()).base();
  }

  /** Policies that have a cover's counters in their bases already leave it. */
  private void endFolds() throws BpfException {
    var folded = new ArrayList<String>();
    for (var uid : book.policies()) {
      int mark = book.taken(book.of(uid).firstEntry().getValue()).folded();
      if (mark != 0) {
        covers.leave(mark - 1, uid);
        folded.add(uid);
      }
    }
    refresh();
    for (var uid : folded) {
      mark(uid, 0);
    }
  }

  /**
   * Removes what was said of cgroups that were gone by then. Looks twice, for one that is just
   * being made cannot be found either.
   */
  private boolean sweep() throws BpfException {
    if (System.nanoTime() - lastSweep < SWEEP_PAUSE.toNanos()) {
      return false;
    }
    var named = new ArrayList<Long>();
    cgroups.forEach((key, _) -> named.add(key.get(JAVA_LONG, 0)));
    var gone = Cgroups.gone(named);
    Libc.awaitRunningPrograms();
    gone = Cgroups.gone(gone);
    lastSweep = System.nanoTime();
    try (var arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(JAVA_LONG);
      for (long cgroup : gone) {
        key.set(JAVA_LONG, 0, cgroup);
        cgroups.delete(key);
      }
    }
    return !gone.isEmpty();
  }
}
