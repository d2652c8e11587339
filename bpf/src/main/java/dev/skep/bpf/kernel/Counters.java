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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the kernel programs count. Reading is for any thread. */
final class Counters {
  private static final long POSTED = offset(HOOK_COUNTERS, "posted");
  private static final long SUPPRESSED = offset(HOOK_COUNTERS, "suppressed");
  private static final long ENFORCED = offset(HOOK_COUNTERS, "enforced");
  private static final long MONITORED = offset(HOOK_COUNTERS, "monitored");
  private static final long DROPPED = offset(HOOK_COUNTERS, "dropped");

  /** The key under which the programs count what found no room; it must be there before them. */
  private static final long REST = 0;

  private final KernelMap hooks;
  private final KernelMap cgroups;
  private final KernelMap drops;

  Counters(NodeMaps maps) throws BpfException {
    hooks = maps.get("hook_counters");
    cgroups = maps.get("cgroup_counters");
    drops = maps.get("drops");
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
      for (int i = 0; i < sum.length; i++) {
        sum[i] += value.getAtIndex(JAVA_LONG, i);
      }
    }
  }

  /** Of the whole node. */
  ProcessTotals processes() throws BpfException {
    var sum = new long[3];
    cgroups.forEach((_, value) -> {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += value.getAtIndex(JAVA_LONG, i);
      }
    });
    return new ProcessTotals(sum[0], sum[1], sum[2]);
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
