package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.Place;
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
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One program per hook, made of its plan, in the slots of map {@code hook_programs} or, on
 * functions of the kernel, {@code function_programs}.
 */
final class HookPrograms {
  private static final String PLAN = "hook";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final NodeMaps maps;
  private final ValueSets sets;
  private final FollowedSets followed;
  private final Kind syscalls;
  private final Kind functions;

  private final Map<Programs, Long> plansAt = new EnumMap<>(Programs.class);

  HookPrograms(NodeMaps maps, ValueSets sets, FollowedSets followed, Dispatch dispatch, byte[] file)
      throws BpfException {
    this.maps = maps;
    this.syscalls = new Kind(Programs.POLICY, file, dispatch.hook(), maps.get("hook_programs"));
    this.functions =
        new Kind(
            Programs.FUNCTION_POLICY,
            Programs.FUNCTION_POLICY.bytes(),
            "policy_function",
            maps.get("function_programs"));
    this.sets = sets;
    this.followed = followed;
  }

  /**
   * What hooks of one kind of place are made of. A program array takes programs of one kind alone.
   *
   * @param program the one of the object that is loaded
   */
  private record Kind(Programs object, byte[] file, String program, KernelMap slots) {
    BpfObject open() throws BpfException {
      return BpfObject.open(file, object.objectName());
    }
  }

  private Kind kind(HookPlan hook) {
    return switch (hook.place()) {
      case Place.Syscalls _ -> syscalls;
      case Place.Function _ -> functions;
    };
  }

  PlanHash hash(HookPlan hook) {
    return PlanHash.of(hook, kind(hook).file());
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
      var kind = kind(hook);
      object = kind.open();
      object.leaveOutAllBut(kind.program());
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
    var kind = kind(loaded.hook());
    var other = kind.object() == Programs.POLICY ? functions : syscalls;
    other.slots().delete(loaded.slot());
    kind.slots().put(loaded.slot(), loaded.object().program(kind.program()).fd());
  }

  void uninstall(int slot) throws BpfException {
    syscalls.slots().delete(slot);
    functions.slots().delete(slot);
  }

  /** Whether the slot runs anything. */
  boolean isInstalled(int slot) throws BpfException {
    return syscalls.slots().getInt(slot) != 0 || functions.slots().getInt(slot) != 0;
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
  Optional<Held> held(int slot) throws BpfException {
    var held = held(syscalls, slot);
    return held.isPresent() ? held : held(functions, slot);
  }

  private Optional<Held> held(Kind kind, int slot) throws BpfException {
    int program = kind.slots().getInt(slot);
    if (program == 0) {
      return Optional.empty();
    }
    long planAt = planAt(kind);
    for (int id : BpfProgram.mapIds(program)) {
      try (var map = KernelMap.byId(id);
          var arena = Arena.ofConfined()) {
        if (!map.name().equals(kind.object().constants())
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
  private long planAt(Kind kind) throws BpfException {
    var known = plansAt.get(kind.object());
    if (known != null) {
      return known;
    }
    try (var object = kind.open()) {
      long at = object.constantAt(PLAN);
      plansAt.put(kind.object(), at);
      return at;
    }
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
