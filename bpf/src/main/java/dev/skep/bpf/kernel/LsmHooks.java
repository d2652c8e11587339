package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The dispatchers on hooks of the kernel's security modules: one program for each hook, and a
 * program array of its own, for the kernel lets a program call only such as are made for the same
 * hook.
 */
final class LsmHooks implements Dispatchers {
  private static final String DISPATCHER = "dispatch_lsm";

  /** As the objects declare the array. */
  private static final String PROGRAMS = "lsm_programs";

  private final Folder folder;
  private final NodeMaps maps;
  private final int generation;
  private final Map<Integer, BpfObject> loaded = new TreeMap<>();

  LsmHooks(Folder folder, NodeMaps maps, int generation) {
    this.folder = folder;
    this.maps = maps;
    this.generation = generation;
  }

  /** As the node knows the array of the hook with this point. */
  static String programs(int point) {
    return PROGRAMS + "_" + point;
  }

  /** Loads a dispatcher or a hook's program with the array of this point. */
  static void load(BpfObject object, NodeMaps maps, int point) throws BpfException {
    maps.load(object, Map.of(PROGRAMS, programs(point)));
  }

  @Override
  public void watch(String name, int point, HookPlan hook) throws BpfException {
    watch(name, point);
  }

  @Override
  public void watch(String name, int point, PointBits bits) throws BpfException {
    watch(name, point);
  }

  private void watch(String name, int point) throws BpfException {
    if (loaded.containsKey(point)) {
      return;
    }
    var object = Programs.LSM.open();
    try {
      var program = object.program(DISPATCHER);
      program.setTarget(name);
      object.constant("generation").set(JAVA_INT, 0, generation);
      object.constant("point").set(JAVA_INT, 0, point);
      load(object, maps, point);
      folder.attach(generation, link(point), program.attach());
      loaded.put(point, object);
    } catch (BpfException e) {
      object.close();
      throw new BpfException(
          "attach",
          e.errno(),
          "the LSM hook %s cannot be watched on this node (%s)".formatted(name, e.getMessage()));
    }
  }

  @Override
  public void keepOnly(int point, PointBits bits) throws BpfException {
    if (bits.slots(point).isEmpty()) {
      Folder.remove(folder.link(generation, link(point)));
      var object = loaded.remove(point);
      if (object != null) {
        object.close();
      }
      maps.remove(programs(point));
    }
  }

  @Override
  public boolean isWatched(int point, PointBits asked) throws BpfException {
    var object = loaded.get(point);
    return object != null && folder.runs(generation, link(point), object.program(DISPATCHER));
  }

  /** None on kernels from 6.2 on. */
  @Override
  public long recursionMisses() throws BpfException {
    long misses = 0;
    for (var object : new HashMap<>(loaded).values()) {
      misses += BpfProgram.recursionMisses(object.program(DISPATCHER).fd());
    }
    return misses;
  }

  private static String link(int point) {
    return DISPATCHER + "_" + point;
  }

  @Override
  public void close() {
    loaded.values().forEach(BpfObject::close);
    loaded.clear();
  }
}
