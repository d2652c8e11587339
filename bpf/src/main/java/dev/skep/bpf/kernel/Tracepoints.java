package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/** The dispatcher of tracepoints, attached to each that hooks sit on. One thread at a time. */
final class Tracepoints implements Dispatchers {
  private static final String DISPATCHER = "dispatch_tracepoint";

  /** Between subsystem and event; no function has it in its name. */
  private static final char SEPARATOR = ':';

  private final Folder folder;
  private final NodeMaps maps;
  private final int generation;

  /** Once a hook needs it. */
  private @Nullable BpfObject loaded;

  Tracepoints(Folder folder, NodeMaps maps, int generation) {
    this.folder = folder;
    this.maps = maps;
    this.generation = generation;
  }

  /** Whether what goes by this name is a tracepoint. */
  static boolean isTracepoint(String name) {
    return name.indexOf(SEPARATOR) >= 0;
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
    if (Files.exists(folder.link(generation, link(point)))) {
      return;
    }
    int separator = name.indexOf(SEPARATOR);
    var subsystem = name.substring(0, separator);
    var event = name.substring(separator + 1);
    try {
      Tracefs.mount();
      folder.attach(
          generation, link(point), dispatcher().attachTracepoint(subsystem, event, point));
    } catch (BpfException e) {
      throw new BpfException(
          "attach",
          e.errno(),
          "the tracepoint %s/%s cannot be watched on this node (%s)"
              .formatted(subsystem, event, e.getMessage()));
    }
  }

  @Override
  public void keepOnly(int point, PointBits bits) throws BpfException {
    if (bits.slots(point).isEmpty()) {
      Folder.remove(folder.link(generation, link(point)));
    }
  }

  @Override
  public boolean isWatched(int point, PointBits asked) throws BpfException {
    return folder.runs(generation, link(point), dispatcher());
  }

  /** Runs that the kernel skipped, for another program by perf was running on that CPU. */
  @Override
  public long recursionMisses() throws BpfException {
    return loaded == null ? 0 : BpfProgram.recursionMisses(dispatcher().fd());
  }

  private BpfProgram dispatcher() throws BpfException {
    var object = loaded;
    if (object == null) {
      object = Programs.TRACEPOINT.open();
      try {
        object.constant("generation").set(JAVA_INT, 0, generation);
        maps.load(object);
      } catch (BpfException e) {
        object.close();
        throw e;
      }
      loaded = object;
    }
    return object.program(DISPATCHER);
  }

  private static String link(int point) {
    return DISPATCHER + "_" + point;
  }

  @Override
  public void close() {
    if (loaded != null) {
      loaded.close();
    }
  }
}
