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
import java.util.ArrayList;
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

  private static final double FULL = 0.75;
  private static final int PROCESS_COUNTERS =
      (int) (Structs.PROCESS_COUNTERS.byteSize() / Long.BYTES);

  private final KernelMap hooks;
  private final KernelMap cgroups;
  private final KernelMap drops;

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

  /** Of the whole node. Makes room where the map of cgroups is nearly full. */
  ProcessTotals processes() throws BpfException {
    var sum = new long[PROCESS_COUNTERS];
    var entries = new AtomicInteger();
    cgroups.forEach((_, value) -> {
      addTo(sum, value);
      entries.incrementAndGet();
    });
    if (entries.get() > cgroups.maxEntries() * FULL) {
      foldDeadCgroups();
    }
    return new ProcessTotals(sum[0], sum[1], sum[2]);
  }

  /** Moves what cgroups counted that are gone to {@link #REST}, so that the node's sums stay. */
  void foldDeadCgroups() throws BpfException {
    Set<Long> alive;
    try {
      alive = Cgroups.alive();
    } catch (IOException e) {
      LOG.warn("cgroups that are gone keep their counters: {}", e.toString());
      return;
    }
    var dead = new ArrayList<Long>();
    cgroups.forEach((key, _) -> {
      long cgroup = key.get(JAVA_LONG, 0);
      if (cgroup != REST && !alive.contains(cgroup)) {
        dead.add(cgroup);
      }
    });
    var sum = new long[PROCESS_COUNTERS];
    try (var arena = Arena.ofConfined()) {
      var key = arena.allocate(JAVA_LONG);
      var value = arena.allocate(Structs.PROCESS_COUNTERS);
      for (long cgroup : dead) {
        key.set(JAVA_LONG, 0, cgroup);
        if (cgroups.get(key, value)) {
          addTo(sum, value);
          cgroups.delete(key);
        }
      }
      key.set(JAVA_LONG, 0, REST);
      cgroups.get(key, value);
      addTo(sum, value);
      MemorySegment.copy(sum, 0, value, JAVA_LONG, 0, sum.length);
      cgroups.put(key, value);
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
          value.getAtIndex(JAVA_LONG, 2));
    }
  }

  Map<String, Long> drops() throws BpfException {
    var byCause = new LinkedHashMap<String, Long>();
    try (var arena = Arena.ofConfined()) {
      var perCpu = arena.allocate(JAVA_LONG, KernelMap.possibleCpus());
      for (int cause = 0; cause < Structs.DROP_CAUSES.size(); cause++) {
        drops.get(cause, perCpu);
        long sum = 0;
        for (long count : perCpu.toArray(JAVA_LONG)) {
          sum += count;
        }
        byCause.put(Structs.DROP_CAUSES.get(cause), sum);
      }
    }
    return byCause;
  }

  private static MemorySegment key(Arena arena, int slot, int selector) {
    return arena.allocateFrom(JAVA_INT, slot, selector);
  }
}
