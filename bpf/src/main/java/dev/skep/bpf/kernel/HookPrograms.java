package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.kernel.HookPlanCodec.References;
import dev.skep.bpf.kernel.HookPlanCodec.Resources;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;

/** One program per hook, made of its plan, in the slots of map {@code hook_programs}. */
final class HookPrograms {
  private static final String PLAN = "hook";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final NodeMaps maps;
  private final KernelMap slots;
  private final ValueSets sets;
  private final FollowedSets followed;
  private final Dispatch dispatch;
  private final byte[] file;

  HookPrograms(NodeMaps maps, ValueSets sets, FollowedSets followed, Dispatch dispatch, byte[] file)
      throws BpfException {
    this.maps = maps;
    this.dispatch = dispatch;
    this.file = file;
    this.slots = maps.get("hook_programs");
    this.sets = sets;
    this.followed = followed;
  }

  /** A verified program that no slot has yet, and what it uses. Closed by whoever loaded it. */
  record Loaded(
      int slot, HookPlan hook, PlanHash hash, int version, BpfObject object, References references)
      implements AutoCloseable {
    /** If a slot has it the kernel keeps the program. */
    @Override
    public void close() {
      object.close();
    }
  }

  /** The plan that a slot's program was made of. */
  record Held(int version, References references) {}

  /** Nothing is left behind if it fails. */
  Loaded load(HookPlan hook, PlanHash hash, int slot, int version) throws BpfException {
    var used = new Used();
    BpfObject object = null;
    try {
      object = open();
      for (var other : Dispatch.values()) {
        if (other != dispatch) {
          object.program(other.hook()).leaveOut();
        }
      }
      var constants = object.constant(PLAN);
      if (constants.byteSize() != Structs.HOOK_PLAN.byteSize()) {
        throw new BpfException("apply", 0, "struct hook_plan has not the size that is expected");
      }
      HookPlanCodec.write(constants, hook, slot, version, used);
      maps.load(object);
      return new Loaded(slot, hook, hash, version, object, used.references());
    } catch (BpfException e) {
      if (object != null) {
        object.close();
      }
      release(used.references());
      throw e;
    }
  }

  /** From now on the slot runs this program, instead of the one that it had. */
  void install(Loaded loaded) throws BpfException {
    slots.put(loaded.slot(), loaded.object().program(dispatch.hook()).fd());
  }

  void uninstall(int slot) throws BpfException {
    slots.delete(slot);
  }

  /** Whether the slot runs anything. */
  boolean isInstalled(int slot) throws BpfException {
    return slots.getInt(slot) != 0;
  }

  /** No program that uses them may run any more. */
  void release(References references) throws BpfException {
    for (int id : references.sets()) {
      sets.release(id);
    }
    for (int bit : references.followed()) {
      followed.release(bit);
    }
  }

  /**
   * What the kernel itself says of the program in a slot; empty if there is none that is Skep's.
   */
  Optional<Held> held(int slot, long planAt) throws BpfException {
    int program = slots.getInt(slot);
    if (program == 0) {
      return Optional.empty();
    }
    for (int id : BpfProgram.mapIds(program)) {
      try (var map = KernelMap.byId(id);
          var arena = Arena.ofConfined()) {
        if (!map.name().equals(Programs.POLICY.constants())
            || map.valueSize() < planAt + Structs.HOOK_PLAN.byteSize()) {
          continue;
        }
        var constants = arena.allocate(map.valueSize(), Long.BYTES);
        map.get(0, constants);
        MemorySegment plan = constants.asSlice(planAt, Structs.HOOK_PLAN.byteSize());
        if (HookPlanCodec.slot(plan) == slot) {
          return Optional.of(new Held(HookPlanCodec.version(plan), HookPlanCodec.references(plan)));
        }
      }
    }
    return Optional.empty();
  }

  /** Where in the constants of a program its plan is, in bytes. */
  long planAt() throws BpfException {
    try (var object = open()) {
      return object.constantAt(PLAN);
    }
  }

  private BpfObject open() throws BpfException {
    return BpfObject.open(file, Programs.POLICY.objectName());
  }

  private final class Used implements Resources {
    private final ArrayList<Integer> usedSets = new ArrayList<>();
    private final ArrayList<Integer> usedBits = new ArrayList<>();

    @Override
    public int set(ValueSet values) throws BpfException {
      int id = sets.acquire(values);
      usedSets.add(id);
      return id;
    }

    @Override
    public int followed(Set<Followed> members) throws BpfException {
      int bit = followed.acquire(members);
      usedBits.add(bit);
      return bit;
    }

    @Override
    public long secret() {
      return RANDOM.nextLong();
    }

    References references() {
      return new References(usedSets, usedBits);
    }
  }
}
