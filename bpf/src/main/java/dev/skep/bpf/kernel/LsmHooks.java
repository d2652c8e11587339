package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.BpfObject;
import java.util.Map;

/**
 * The dispatchers on hooks of the kernel's security modules: one program for each hook, and a
 * program array of its own, for the kernel lets a program call only such as are made for the same
 * hook.
 */
final class LsmHooks extends LoadedDispatchers {
  private static final String DISPATCHER = "dispatch_lsm";

  /** As the objects declare the array. */
  private static final String PROGRAMS = "lsm_programs";

  LsmHooks(Folder folder, NodeMaps maps, int generation) {
    super(folder, maps, generation, DISPATCHER, "LSM hook");
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
  BpfObject load(String name, int point) throws BpfException {
    var object = Programs.LSM.open();
    try {
      var program = object.program(DISPATCHER);
      program.setTarget(name);
      object.constant("generation").set(JAVA_INT, 0, generation);
      object.constant("point").set(JAVA_INT, 0, point);
      load(object, maps, point);
      folder.attach(generation, link(point), program.attach());
      return object;
    } catch (BpfException e) {
      object.close();
      throw e;
    }
  }

  @Override
  public void keepOnly(int point, PointBits bits) throws BpfException {
    super.keepOnly(point, bits);
    if (bits.slots(point).isEmpty()) {
      maps.remove(programs(point));
    }
  }
}
