package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.layout.Structs;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Where hooks sit beside system calls: who attaches there, and by which point. */
final class Places implements AutoCloseable {
  /** A function's name has no slash. */
  private static final String LSM = "lsm/";

  private final Points points;
  private final Overrides overrides;
  private final Functions functions;
  private final LsmHooks lsmHooks;

  Places(Folder folder, NodeMaps maps, int generation) throws BpfException {
    points = new Points(maps);
    overrides = new Overrides(folder, maps, generation);
    functions = new Functions(folder, maps, generation, overrides);
    lsmHooks = new LsmHooks(folder, maps, generation);
  }

  /** Where hooks of this place are asked; one that is new gets a point. */
  Set<Integer> points(Place place) throws BpfException {
    return switch (place) {
      case Place.Syscalls(var numbers, _) -> numbers;
      case Place.Function(var name) -> Set.of(points.of(name));
      case Place.LsmHook hook -> Set.of(point(hook));
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
    return name.startsWith(LSM) ? lsmHooks : functions;
  }

  private static String bare(String name) {
    return name.startsWith(LSM) ? name.substring(LSM.length()) : name;
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
      case Place.LsmHook place -> lsmHooks.watch(place.name(), point(place), hook);
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
    return (name.startsWith(LSM) ? "LSM hook " : "function ") + bare(name);
  }

  /** Runs that the kernel skipped. */
  long recursionMisses() throws BpfException {
    return functions.recursionMisses() + lsmHooks.recursionMisses() + overrides.recursionMisses();
  }

  @Override
  public void close() {
    overrides.close();
    functions.close();
    lsmHooks.close();
  }
}
