package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import dev.skep.bpf.libbpf.KernelTypes;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** A dispatcher for each raw tracepoint that hooks sit on, by its point. One thread at a time. */
final class RawTracepoints implements Dispatchers {
  private static final String DISPATCHER = "dispatch_raw";

  private final Folder folder;
  private final NodeMaps maps;
  private final int generation;
  private final Map<Integer, BpfObject> loaded = new TreeMap<>();

  RawTracepoints(Folder folder, NodeMaps maps, int generation) {
    this.folder = folder;
    this.maps = maps;
    this.generation = generation;
  }

  @Override
  public void watch(String event, int point, HookPlan hook) throws BpfException {
    watch(event, point);
  }

  @Override
  public void watch(String event, int point, PointBits bits) throws BpfException {
    watch(event, point);
  }

  private void watch(String event, int point) throws BpfException {
    if (loaded.containsKey(point)) {
      return;
    }
    try {
      loaded.put(point, load(event, point));
    } catch (BpfException e) {
      throw new BpfException(
          "attach",
          e.errno(),
          "the raw tracepoint %s cannot be watched on this node (%s)"
              .formatted(event, e.getMessage()));
    }
  }

  private BpfObject load(String event, int point) throws BpfException {
    var object = Programs.RAW.open();
    try {
      object.constant("generation").set(JAVA_INT, 0, generation);
      object.constant("point").set(JAVA_INT, 0, point);
      object.constant("arguments").set(JAVA_INT, 0, arguments(event));
      maps.load(object);
      folder.attach(generation, link(point), object.program(DISPATCHER).attachRawTracepoint(event));
      return object;
    } catch (BpfException e) {
      object.close();
      throw e;
    }
  }

  private static int arguments(String event) throws BpfException {
    try (var types = KernelTypes.load()) {
      return types.rawTracepoint(event) instanceof KernelFunction.Typed(var parameters, _)
          ? Math.min(parameters.size(), Structs.REGISTERS_MAX)
          : 0;
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
  public boolean isWatched(int point, PointBits asked) throws BpfException {
    var object = loaded.get(point);
    return object != null && folder.runs(generation, link(point), object.program(DISPATCHER));
  }

  /** Runs that the kernel skipped, for the program was running on that CPU already. */
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
