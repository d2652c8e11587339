package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.layout.Structs;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Where hooks sit beside system calls: who attaches there, and by which point. */
final class Places implements AutoCloseable {
  /** A function's name has no slash. */
  private static final String LSM = "lsm/";

  private static final String RAW = "raw/";

  private final Points points;
  private final Overrides overrides;
  private final Functions functions;
  private final LsmHooks lsmHooks;
  private final Tracepoints tracepoints;
  private final RawTracepoints rawTracepoints;

  Places(Folder folder, NodeMaps maps, int generation) throws BpfException {
    points = new Points(maps);
    overrides = new Overrides(folder, maps, generation);
    functions = new Functions(folder, maps, generation, overrides);
    lsmHooks = new LsmHooks(folder, maps, generation);
    tracepoints = new Tracepoints(folder, maps, generation);
    rawTracepoints = new RawTracepoints(folder, maps, generation);
  }

  /** Where hooks of this place are asked; one that is new gets a point. */
  Set<Integer> points(Place place) throws BpfException {
    return switch (place) {
      case Place.Syscalls(var numbers, _) -> numbers;
      case Place.Function(var name) -> Set.of(points.of(name));
      case Place.Functions(var names) -> {
        var all = new HashSet<Integer>();
        for (var name : names) {
          all.add(points.of(name));
        }
        yield all;
      }
      case Place.LsmHook hook -> Set.of(point(hook));
      case Place.Tracepoint tracepoint -> Set.of(points.of(tracepoint.name()));
      case Place.RawTracepoint(var event) -> Set.of(points.of(RAW + event));
    };
  }

  int point(Place.LsmHook hook) throws BpfException {
    return points.of(LSM + hook.name());
  }

  /** Those of LSM hooks. */
  List<Integer> lsmPoints() {
    return points.all().entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(LSM))
        .map(Map.Entry::getValue)
        .toList();
  }

  private Dispatchers dispatchers(String name) {
    if (name.startsWith(LSM)) {
      return lsmHooks;
    }
    if (name.startsWith(RAW)) {
      return rawTracepoints;
    }
    return Tracepoints.isTracepoint(name) ? tracepoints : functions;
  }

  private static String bare(String name) {
    return name.substring(name.indexOf('/') + 1);
  }

  /**
   * The function or tracepoint of a point, which it has or had last, for records that are read
   * after it was freed; empty if there is none. Any thread.
   */
  String lastName(int point) {
    return bare(points.lastName(point));
  }

  /** From now on the place is seen, and what else the hook asks for is there. */
  void watch(HookPlan hook) throws BpfException {
    switch (hook.place()) {
      case Place.Syscalls(_, var calls) when hook.overrides() -> {
        boolean positive = hook.selectors().stream().anyMatch(its -> its.error() > 0);
        for (var call : calls.entrySet()) {
          overrides.attach(call.getValue(), call.getKey(), positive);
          points.setSyscall(call.getKey(), call.getValue());
        }
      }
      case Place.Syscalls _ -> {} // seen as soon as one is asked for
      case Place.Function(var name) -> functions.watch(name, points.of(name), hook);
      case Place.Functions(var names) -> {
        for (var name : names) {
          functions.watch(name, points.of(name), hook);
        }
      }
      case Place.LsmHook place -> lsmHooks.watch(place.name(), point(place), hook);
      case Place.Tracepoint tracepoint ->
          tracepoints.watch(tracepoint.name(), points.of(tracepoint.name()), hook);
      case Place.RawTracepoint(var event) ->
          rawTracepoints.watch(event, points.of(RAW + event), hook);
    }
  }

  /** All that hooks sit on, for an agent that takes over. */
  void watch(PointBits bits) throws BpfException {
    keepOnly(bits);
    for (var call : points.syscalls().entrySet()) {
      overrides.attach(call.getValue(), call.getKey(), false);
    }
    for (var place : new TreeMap<>(points.all()).entrySet()) {
      dispatchers(place.getKey()).watch(bare(place.getKey()), place.getValue(), bits);
    }
  }

  /** Of places that no hook asks for, nothing stays. */
  void keepOnly(PointBits bits) throws BpfException {
    for (int syscall : points.syscalls().keySet()) {
      if (!bits.anyOverrides(syscall)) {
        overrides.detach(syscall);
        points.setSyscall(syscall, null);
      }
    }
    for (var place : points.all().entrySet()) {
      dispatchers(place.getKey()).keepOnly(place.getValue(), bits);
      if (bits.slots(place.getValue()).isEmpty()) {
        points.free(place.getKey());
      }
    }
  }

  /** Whether what the kernel runs at a point is this agent's, and all that is asked for. */
  boolean isWatched(int point, PointBits asked) throws BpfException {
    if (point < Structs.SYSCALLS_MAX) {
      return !asked.anyOverrides(point) || overrides.isAttached(point);
    }
    var name = points.name(point);
    return name != null && dispatchers(name).isWatched(point, asked);
  }

  /** What hooks at a point sit on, for people. */
  String name(int point) {
    var name = points.name(point);
    if (name == null) {
      return "system call " + point;
    }
    var dispatchers = dispatchers(name);
    var kind =
        dispatchers.equals(lsmHooks)
            ? "LSM hook "
            : dispatchers.equals(functions) ? "function " : "tracepoint ";
    return kind + bare(name);
  }

  /** Runs that the kernel skipped. */
  long recursionMisses() throws BpfException {
    return functions.recursionMisses()
        + lsmHooks.recursionMisses()
        + tracepoints.recursionMisses()
        + rawTracepoints.recursionMisses()
        + overrides.recursionMisses();
  }

  @Override
  public void close() {
    overrides.close();
    functions.close();
    lsmHooks.close();
    tracepoints.close();
    rawTracepoints.close();
  }
}
