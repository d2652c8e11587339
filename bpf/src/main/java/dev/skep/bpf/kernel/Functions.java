package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/** The dispatcher on functions of the kernel: one program, attached to each. */
final class Functions implements Dispatchers {
  private static final String ENTRY = "dispatch_function";
  private static final String RETURN = "dispatch_return";

  private final Folder folder;
  private final NodeMaps maps;
  private final int generation;
  private final Overrides overrides;

  /** The dispatchers, once a hook needs them. */
  private @Nullable BpfObject loaded;

  /**
   * @param overrides borrowed
   */
  Functions(Folder folder, NodeMaps maps, int generation, Overrides overrides) {
    this.folder = folder;
    this.maps = maps;
    this.generation = generation;
    this.overrides = overrides;
  }

  @Override
  public void watch(String name, int point, HookPlan hook) throws BpfException {
    if (hook.overrides()) {
      boolean positive = hook.selectors().stream().anyMatch(its -> its.error() > 0);
      overrides.attach(name, point, positive);
    }
    watch(name, point, hook.wantsReturn());
  }

  @Override
  public void watch(String name, int point, PointBits bits) throws BpfException {
    if (bits.anyOverrides(point)) {
      overrides.attach(name, point, overrides.wasModified(point));
    }
    watch(name, point, bits.anyReturns(point));
  }

  private void watch(String name, int point, boolean withReturn) throws BpfException {
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

  private void attach(String program, String function, int point) throws BpfException {
    var link = link(program, point);
    if (!Files.exists(folder.link(generation, link))) {
      var dispatcher = object().program(program);
      folder.attach(
          generation, link, dispatcher.attachKprobe(function, program.equals(RETURN), point));
    }
  }

  @Override
  public void keepOnly(int point, PointBits bits) throws BpfException {
    if (!bits.anyReturns(point)) {
      Folder.remove(folder.link(generation, link(RETURN, point)));
    }
    if (!bits.anyOverrides(point)) {
      overrides.detach(point);
    }
    if (bits.slots(point).isEmpty()) {
      Folder.remove(folder.link(generation, link(ENTRY, point)));
    }
  }

  @Override
  public boolean isWatched(int point, PointBits asked) throws BpfException {
    return isAttached(ENTRY, point)
        && (!asked.anyReturns(point) || isAttached(RETURN, point))
        && (!asked.anyOverrides(point) || overrides.isAttached(point));
  }

  private boolean isAttached(String program, int point) throws BpfException {
    return folder.runs(generation, link(program, point), object().program(program));
  }

  /** Runs that the kernel skipped, for another kprobe's program was running on that CPU. */
  @Override
  public long recursionMisses() throws BpfException {
    var object = loaded;
    long misses = 0;
    if (object != null) {
      for (var program : new String[] {ENTRY, RETURN}) {
        misses += BpfProgram.recursionMisses(object.program(program).fd());
      }
    }
    return misses;
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

  private static String link(String program, int point) {
    return program + "_" + point; // bpffs takes no dot, and some functions have one
  }

  @Override
  public void close() {
    if (loaded != null) {
      loaded.close();
    }
  }
}
