package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.HOOK_COUNTERS;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the kernel programs count. Reading is for any thread. */
final class Counters {
  private static final Logger LOG = LoggerFactory.getLogger(Counters.class);

  private static final long POSTED = offset(HOOK_COUNTERS, "posted");
  private static final long SUPPRESSED = offset(HOOK_COUNTERS, "suppressed");
  private static final long ENFORCED = offset(HOOK_COUNTERS, "enforced");
  private static final long MONITORED = offset(HOOK_COUNTERS, "monitored");
  private static final long DROPPED = offset(HOOK_COUNTERS, "dropped");

  /** The key under which the programs count what found no room; it must be there before them. */
  private static final long REST = 0;

  /** Where the counts of cgroups go that are gone; no cgroup has this id. */
  static final long FOLDED = -1;

  private static final double FULL = 0.75;

  /** A look at all cgroups costs some 10 ms for 500. */
  private static final Duration FOLD_PAUSE = Duration.ofMinutes(1);

  /** Forks, execs, exits and suppressed, of struct process_counters; what follows is no count. */
  private static final int PROCESS_COUNTERS = 4;

  private final KernelMap hooks;
  private final KernelMap cgroups;
  private final KernelMap drops;
  private long lastFold = System.nanoTime();

  Counters(NodeMaps maps) throws BpfException {
    this(maps.get("hook_counters"), maps.get("cgroup_counters"), maps.get("drops"));
  }

  Counters(KernelMap hooks, KernelMap cgroups, KernelMap drops) {
    this.hooks = hooks;
    this.cgroups = cgroups;
    this.drops = drops;
  }

  void prepare() throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var key = arena.allocateFrom(JAVA_LONG, REST);
      var value = arena.allocate(Structs.PROCESS_COUNTERS);
      if (!cgroups.get(key, value)) {
        cgroups.put(key, value);
      }
    }
  }

  /** Before a hook with so many selectors counts: an entry for each; those that are there stay. */
  void prepare(int slot, int selectors) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(HOOK_COUNTERS);
      for (int selector = 0; selector < Math.max(selectors, 1); selector++) {
        var key = key(arena, slot, selector);
        if (!hooks.get(key, value)) {
          hooks.put(key, value.fill((byte) 0));
        }
      }
    }
  }

  /** What the hook counted before this kernel ran. */
  void carryOver(int slot, HookTotals before) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(HOOK_COUNTERS);
      value.set(JAVA_LONG, POSTED, before.posted());
      value.set(JAVA_LONG, SUPPRESSED, before.suppressed());
      value.set(JAVA_LONG, ENFORCED, before.enforced());
      value.set(JAVA_LONG, MONITORED, before.monitored());
      value.set(JAVA_LONG, DROPPED, before.dropped());
      hooks.put(key(arena, slot, Structs.SELECTOR_CARRIED), value);
    }
  }

  void remove(int slot) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      for (int selector = 0; selector < Structs.SELECTORS_MAX; selector++) {
        hooks.delete(key(arena, slot, selector));
      }
      hooks.delete(key(arena, slot, Structs.SELECTOR_CARRIED));
    }
  }

  HookTotals hook(int slot, int index) throws BpfException {
    var sum = new long[(int) (HOOK_COUNTERS.byteSize() / Long.BYTES)];
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(HOOK_COUNTERS);
      for (int selector = 0; selector < Structs.SELECTORS_MAX; selector++) {
        add(sum, key(arena, slot, selector), value);
      }
      add(sum, key(arena, slot, Structs.SELECTOR_CARRIED), value);
    }
    return new HookTotals(
        index,
        sum[(int) POSTED / Long.BYTES],
        sum[(int) SUPPRESSED / Long.BYTES],
        sum[(int) ENFORCED / Long.BYTES],
        sum[(int) MONITORED / Long.BYTES],
        sum[(int) DROPPED / Long.BYTES]);
  }

  private void add(long[] sum, MemorySegment key, MemorySegment value) throws BpfException {
    if (hooks.get(key, value)) {
      addTo(sum, value);
    }
  }

  /** Of the whole node. Now and then it tidies up what cgroups left that are gone. */
  ProcessTotals processes() throws BpfException {
    var sum = new long[PROCESS_COUNTERS];
    var entries = new AtomicInteger();
    cgroups.forEach((_, value) -> {
      addTo(sum, value);
      entries.incrementAndGet();
    });
    long now = System.nanoTime();
    if (entries.get() > cgroups.maxEntries() * FULL || now - lastFold > FOLD_PAUSE.toNanos()) {
      lastFold = now;
      foldDeadCgroups();
    }
    return new ProcessTotals(sum[0], sum[1], sum[2], sum[3]);
  }

  /**
   * Moves what cgroups counted that are gone to {@link #FOLDED}, so that the node's sums stay.
   * Those that exist are looked up after those that counted: what is missing then is gone for good,
   * for ids do not come again, and no process of it is left that could count.
   */
  void foldDeadCgroups() throws BpfException {
    var dead = new HashSet<Long>();
    cgroups.forEach((key, _) -> dead.add(key.get(JAVA_LONG, 0)));
    try {
      dead.removeAll(Cgroups.alive());
    } catch (IOException e) {
      LOG.warn("cgroups that are gone keep their counters: {}", e.toString());
      return;
    }
    dead.removeAll(Set.of(REST, FOLDED));
    if (dead.isEmpty()) {
      return;
    }
    var sum = new long[PROCESS_COUNTERS];
    try (var arena = Arena.ofConfined()) {
      var key = arena.allocate(JAVA_LONG);
      var value = arena.allocate(Structs.PROCESS_COUNTERS);
      for (long cgroup : dead) {
        key.set(JAVA_LONG, 0, cgroup);
        if (cgroups.get(key, value)) {
          addTo(sum, value);
        }
      }
      key.set(JAVA_LONG, 0, FOLDED);
      if (cgroups.get(key, value)) {
        addTo(sum, value);
      }
      value.fill((byte) 0);
      MemorySegment.copy(sum, 0, value, JAVA_LONG, 0, sum.length);
      cgroups.put(key, value);
      for (long cgroup : dead) {
        key.set(JAVA_LONG, 0, cgroup);
        cgroups.delete(key);
      }
    }
  }

  private static void addTo(long[] sum, MemorySegment value) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += value.getAtIndex(JAVA_LONG, i);
    }
  }

  ProcessTotals processes(long cgroup) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.PROCESS_COUNTERS);
      cgroups.get(arena.allocateFrom(JAVA_LONG, cgroup), value);
      return new ProcessTotals(
          value.getAtIndex(JAVA_LONG, 0),
          value.getAtIndex(JAVA_LONG, 1),
          value.getAtIndex(JAVA_LONG, 2),
          value.getAtIndex(JAVA_LONG, 3));
    }
  }

  Map<String, Long> drops() throws BpfException {
    var byCause = new LinkedHashMap<String, Long>();
    drops.forEach((cause, count) ->
        byCause.put(Structs.DROP_CAUSES.get(cause.get(JAVA_INT, 0)), count.get(JAVA_LONG, 0)));
    return byCause;
  }

  private static MemorySegment key(Arena arena, int slot, int selector) {
    return arena.allocateFrom(JAVA_INT, slot, selector);
  }
}
