package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The functions of the kernel that hooks sit on: each has a point of its own, by which map {@code
 * functions} knows it over agents, and the dispatcher attached to it. One thread at a time.
 */
final class Functions implements AutoCloseable {
  private static final String ENTRY = "dispatch_function";
  private static final String RETURN = "dispatch_return";

  private final Folder folder;
  private final NodeMaps maps;
  private final int generation;
  private final KernelMap names;
  private final TreeMap<String, Integer> points = new TreeMap<>();
  private final Overrides overrides;

  /** The dispatchers, once a hook needs them. */
  private @Nullable BpfObject loaded;

  Functions(Folder folder, NodeMaps maps, int generation) throws BpfException {
    this.folder = folder;
    this.maps = maps;
    this.generation = generation;
    this.names = maps.get("functions");
    this.overrides = new Overrides(folder, maps, generation);
    names.forEach((key, value) -> {
      var name = value.getString(0);
      if (!name.isEmpty()) {
        points.put(name, Structs.SYSCALLS_MAX + key.get(JAVA_INT, 0));
      }
    });
  }

  /** Where hooks of this place are asked; a function that is new gets a point. */
  Set<Integer> points(Place place) throws BpfException {
    return switch (place) {
      case Place.Syscalls(var numbers) -> numbers;
      case Place.Function(var name) -> Set.of(point(name));
    };
  }

  private int point(String function) throws BpfException {
    var known = points.get(function);
    if (known != null) {
      return known;
    }
    int point = Structs.SYSCALLS_MAX;
    while (points.containsValue(point)) {
      point++;
    }
    if (point == Structs.POINTS_MAX) {
      throw new BpfException(
          "apply",
          0,
          "policies watch %d functions of the kernel already, there is no room for %s"
              .formatted(Structs.FUNCTIONS_MAX, function));
    }
    write(point, function);
    points.put(function, point);
    return point;
  }

  /** From now on the dispatcher sees the function, and what else the hook asks for is there. */
  void watch(HookPlan hook) throws BpfException {
    if (hook.place() instanceof Place.Function(var name)) {
      if (hook.overrides()) {
        boolean positive = hook.selectors().stream().anyMatch(its -> its.error() > 0);
        overrides.attach(name, point(name), positive);
      }
      watch(name, hook.wantsReturn());
    }
  }

  private void watch(String name, boolean withReturn) throws BpfException {
    int point = point(name);
    try {
      attach(ENTRY, name, point);
      if (withReturn) {
        attach(RETURN, name, point);
      }
    } catch (BpfException e) {
      throw new BpfException(
          "attach",
          e.errno(),
          "the function %s of the kernel cannot be watched on this node (%s)"
              .formatted(name, e.getMessage()));
    }
  }

  /** All that hooks sit on, for an agent that takes over. */
  void watch(PointBits bits) throws BpfException {
    keepOnly(bits);
    for (var function : points.entrySet()) {
      int point = function.getValue();
      if (bits.anyOverrides(point)) {
        overrides.attach(function.getKey(), point, overrides.wasModified(point));
      }
      watch(function.getKey(), bits.anyReturns(point));
    }
  }

  private void attach(String program, String function, int point) throws BpfException {
    var link = link(program, point);
    if (!Files.exists(folder.link(generation, link))) {
      var dispatcher = object().program(program);
      folder.attach(
          generation, link, dispatcher.attachKprobe(function, program.equals(RETURN), point));
    }
  }

  /** Of those that no hook asks for, nothing stays. */
  void keepOnly(PointBits bits) throws BpfException {
    for (var function : Map.copyOf(points).entrySet()) {
      int point = function.getValue();
      if (!bits.anyReturns(point)) {
        Folder.remove(folder.link(generation, link(RETURN, point)));
      }
      if (!bits.anyOverrides(point)) {
        overrides.detach(point);
      }
      if (bits.slots(point).isEmpty()) {
        Folder.remove(folder.link(generation, link(ENTRY, point)));
        write(point, "");
        points.remove(function.getKey());
      }
    }
  }

  /** Whether what the kernel runs at a point is this agent's, and all that is asked for. */
  boolean isWatched(int point, PointBits asked) throws BpfException {
    return isAttached(ENTRY, point)
        && (!asked.anyReturns(point) || isAttached(RETURN, point))
        && (!asked.anyOverrides(point) || overrides.isAttached(point));
  }

  private boolean isAttached(String program, int point) throws BpfException {
    return folder.runs(generation, link(program, point), object().program(program));
  }

  /** What hooks at a point sit on, for people. */
  String name(int point) {
    for (var function : points.entrySet()) {
      if (function.getValue() == point) {
        return "function " + function.getKey();
      }
    }
    return "system call " + point;
  }

  /** Runs that the kernel skipped, for another kprobe's program was running on that CPU. */
  long recursionMisses() throws BpfException {
    var object = loaded;
    long misses = 0;
    if (object != null) {
      for (var program : new String[] {ENTRY, RETURN}) {
        misses += BpfProgram.recursionMisses(object.program(program).fd());
      }
    }
    return misses + overrides.recursionMisses();
  }

  private BpfObject object() throws BpfException {
    var object = loaded;
    if (object == null) {
      object = Programs.FUNCTION.open();
      try {
        object.constant("generation").set(JAVA_INT, 0, generation);
        maps.load(object);
      } catch (BpfException e) {
        object.close();
        throw e;
      }
      loaded = object;
    }
    return object;
  }

  private void write(int point, String name) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.FUNCTION_NAME_BYTES);
      value.setString(0, name);
      names.put(point - Structs.SYSCALLS_MAX, value);
    }
  }

  private static String link(String program, int point) {
    return program + "_" + point; // bpffs takes no dot, and some functions have one
  }

  @Override
  public void close() {
    overrides.close();
    if (loaded != null) {
      loaded.close();
    }
  }
}
