package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Dispatchers of which each place has one of its own, an object, by the place's point. */
abstract class LoadedDispatchers implements Dispatchers {
  final Folder folder;
  final NodeMaps maps;
  final int generation;
  private final String dispatcher;
  private final String kind;
  private final Map<Integer, BpfObject> loaded = new TreeMap<>();

  /**
   * @param dispatcher the object's program that is attached
   * @param kind of the places, for people
   */
  LoadedDispatchers(Folder folder, NodeMaps maps, int generation, String dispatcher, String kind) {
    this.folder = folder;
    this.maps = maps;
    this.generation = generation;
    this.dispatcher = dispatcher;
    this.kind = kind;
  }

  /** Loads and attaches the place's dispatcher under {@link #link}; nothing is left if it fails. */
  abstract BpfObject load(String name, int point) throws BpfException;

  @Override
  public final void watch(String name, int point, HookPlan hook) throws BpfException {
    watch(name, point);
  }

  @Override
  public final void watch(String name, int point, PointBits bits) throws BpfException {
    watch(name, point);
  }

  private void watch(String name, int point) throws BpfException {
    if (loaded.containsKey(point)) {
      return;
    }
    try {
      loaded.put(point, load(name, point));
    } catch (BpfException e) {
      throw new BpfException(
          "attach",
          e.errno(),
          "the %s %s cannot be watched on this node (%s)".formatted(kind, name, e.getMessage()));
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
    }
  }

  @Override
  public final boolean isWatched(int point, PointBits asked) throws BpfException {
    var object = loaded.get(point);
    return object != null && folder.runs(generation, link(point), object.program(dispatcher));
  }

  /** For the program was running on that CPU already; none of LSM hooks from Linux 6.2 on. */
  @Override
  public final long recursionMisses() throws BpfException {
    long misses = 0;
    for (var object : new HashMap<>(loaded).values()) {
      misses += BpfProgram.recursionMisses(object.program(dispatcher).fd());
    }
    return misses;
  }

  final String link(int point) {
    return dispatcher + "_" + point;
  }

  @Override
  public final void close() {
    loaded.values().forEach(BpfObject::close);
    loaded.clear();
  }
}
