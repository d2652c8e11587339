package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What makes functions return an error where a hook says so: a program of its own for each, by the
 * function's point. One thread at a time.
 */
final class Overrides implements AutoCloseable {
  /** The functions by which the kernel asks its security modules; it lets no others be changed. */
  private static final String PREFIX = "security_";

  private final Folder folder;
  private final NodeMaps maps;
  private final int generation;
  private final Map<Integer, Loaded> loaded = new TreeMap<>();

  private record Loaded(Way way, BpfObject object, BpfProgram program) {}

  /** How a function is changed. */
  private enum Way {
    MODIFIED_RETURN("override_return", ""),
    SECURITY_MODULE("override_lsm", PREFIX);

    private final String program;
    private final String leftOut;

    Way(String program, String leftOut) {
      this.program = program;
      this.leftOut = leftOut;
    }

    String target(String function) {
      return function.substring(leftOut.length());
    }
  }

  Overrides(Folder folder, NodeMaps maps, int generation) {
    this.folder = folder;
    this.maps = maps;
    this.generation = generation;
  }

  /**
   * From now on verdicts on calls of this function are carried out.
   *
   * @param positive whether the function may have to return a positive number, which an LSM hook
   *     cannot
   */
  void attach(String function, int point, boolean positive) throws BpfException {
    var known = loaded.get(point);
    if (known != null) {
      if (positive && known.way() == Way.SECURITY_MODULE) {
        throw new BpfException(
            "apply",
            0,
            "another policy overrides %s by its LSM hook, which returns no positive numbers"
                .formatted(function));
      }
      return;
    }
    boolean asks = function.startsWith(PREFIX);
    if (!asks && point >= Structs.SYSCALLS_MAX) {
      throw new BpfException(
          "apply",
          0,
          "the kernel lets nobody override what %s returns; functions %s... can be overridden"
              .formatted(function, PREFIX));
    }
    var refusals = new ArrayList<String>();
    for (var way : positive || !asks ? List.of(Way.MODIFIED_RETURN) : ways()) {
      try {
        loaded.put(point, load(way, function, point));
        return;
      } catch (BpfException e) {
        refusals.add(e.getMessage());
      }
    }
    throw new BpfException(
        "attach",
        0,
        "what the function %s of the kernel returns cannot be overridden on this node (%s)"
            .formatted(function, String.join("; ", refusals)));
  }

  /**
   * Best first. Where a program can be stopped in the middle, fmod_ret skips who comes meanwhile.
   */
  private static List<Way> ways() {
    return Preemption.isOn() && SecurityModules.haveBpf()
        ? List.of(Way.SECURITY_MODULE, Way.MODIFIED_RETURN)
        : List.of(Way.MODIFIED_RETURN);
  }

  private Loaded load(Way way, String function, int point) throws BpfException {
    var object = Programs.OVERRIDE.open();
    try {
      object.leaveOutAllBut(way.program);
      var program = object.program(way.program);
      program.setTarget(way.target(function));
      object.constant("point").set(JAVA_INT, 0, point);
      maps.load(object);
      folder.attach(generation, link(way, point), program.attach());
      return new Loaded(way, object, program);
    } catch (BpfException e) {
      object.close();
      throw e;
    }
  }

  /** Whether an agent before this one had to use fmod_ret: then verdicts may be positive. */
  boolean wasModified(int point) throws BpfException {
    return !folder.programs().contains(link(Way.SECURITY_MODULE, point));
  }

  void detach(int point) throws BpfException {
    var known = loaded.remove(point);
    if (known != null) {
      Folder.remove(folder.link(generation, link(known.way(), point)));
      known.object().close();
    }
  }

  boolean isAttached(int point) throws BpfException {
    var known = loaded.get(point);
    return known != null && folder.runs(generation, link(known.way(), point), known.program());
  }

  /** Calls that went on though a hook had decided otherwise. */
  long recursionMisses() throws BpfException {
    long misses = 0;
    for (var its : loaded.values()) {
      misses += BpfProgram.recursionMisses(its.program().fd());
    }
    return misses;
  }

  private static String link(Way way, int point) {
    return way.program + "_" + point;
  }

  @Override
  public void close() {
    loaded.values().forEach(its -> its.object().close());
    loaded.clear();
  }
}
