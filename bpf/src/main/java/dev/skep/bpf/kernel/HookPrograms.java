package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.kernel.HookPlanCodec.References;
import dev.skep.bpf.kernel.HookPlanCodec.Resources;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.bpf.libbpf.Libc;
import dev.skep.bpf.libbpf.ProgramMold;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One program per hook, made of its plan, in the slots of the map that programs of its place have:
 * {@code hook_programs}, {@code function_programs} and the like, or one for each LSM hook.
 */
final class HookPrograms implements AutoCloseable {
  private static final String PLAN = "hook";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final NodeMaps maps;
  private final ValueSets sets;
  private final FollowedSets followed;
  private final Places places;
  private final Kind syscalls;
  private final Kind functions;
  private final Kind tracepoints;
  private final Kind rawTracepoints;
  private final byte[] lsmFile = Programs.LSM_POLICY.bytes();

  private final Map<Programs, Long> plansAt = new EnumMap<>(Programs.class);
  private final Map<Programs, PlanHash> fileHashes = new EnumMap<>(Programs.class);

  /** By program: those of hooks on system calls, made when the first hook needs them. */
  private final Map<String, ProgramMold> molds = new HashMap<>();

  HookPrograms(
      NodeMaps maps,
      ValueSets sets,
      FollowedSets followed,
      Places places,
      Dispatch dispatch,
      byte[] file) {
    this.maps = maps;
    this.places = places;
    this.syscalls =
        new Kind(
            Programs.POLICY,
            file,
            new Slots(dispatch.hook(), "hook_programs"),
            new Slots(dispatch.hookAtReturn(), "hook_returns"));
    this.functions =
        new Kind(
            Programs.FUNCTION_POLICY,
            Programs.FUNCTION_POLICY.bytes(),
            new Slots("policy_function", "function_programs"),
            new Slots("policy_function_return", "function_returns"));
    this.tracepoints =
        new Kind(
            Programs.FUNCTION_POLICY,
            functions.file(),
            new Slots("policy_tracepoint", "tracepoint_programs"),
            null);
    this.rawTracepoints =
        new Kind(
            Programs.RAW_POLICY,
            Programs.RAW_POLICY.bytes(),
            new Slots("policy_raw", "raw_programs"),
            null);
    this.sets = sets;
    this.followed = followed;
  }

  /**
   * A program array takes programs of one kind alone.
   *
   * @param program of an object
   * @param map name of the array; it is missing as long as no program was loaded with it
   */
  private record Slots(String program, String map) {}

  /**
   * What hooks of one kind of place are made of.
   *
   * @param atReturn of hooks that decide when the call returns; null: no call does
   */
  private record Kind(Programs object, byte[] file, Slots atEntry, @Nullable Slots atReturn) {
    Slots returns() {
      if (atReturn == null) {
        throw new IllegalArgumentException("what returns nothing is asked for it");
      }
      return atReturn;
    }

    BpfObject open() throws BpfException {
      return BpfObject.open(file, object.objectName());
    }
  }

  private Kind kind(Place place) throws BpfException {
    return switch (place) {
      case Place.Syscalls _ -> syscalls;
      case Place.Function _, Place.Functions _ -> functions;
      case Place.Tracepoint _ -> tracepoints;
      case Place.RawTracepoint _ -> rawTracepoints;
      case Place.LsmHook hook -> lsm(places.point(hook));
    };
  }

  private Kind lsm(int point) {
    return new Kind(
        Programs.LSM_POLICY, lsmFile, new Slots("policy_lsm", LsmHooks.programs(point)), null);
  }

  /** Whose programs a slot can have. */
  private List<Kind> kinds() {
    var kinds = new ArrayList<>(List.of(syscalls, functions, tracepoints, rawTracepoints));
    places.lsmPoints().forEach(point -> kinds.add(lsm(point)));
    return kinds;
  }

  PlanPrint print(HookPlan hook) throws BpfException {
    var kind = kind(hook.place());
    var file = fileHashes.computeIfAbsent(kind.object(), _ -> PlanHash.ofContent(kind.file()));
    return PlanPrint.of(hook, file);
  }

  /**
   * A verified program that no slot has yet, and what it uses. Closed by whoever loaded it.
   *
   * @param programs descriptors by name
   * @param made what the descriptors belong to
   */
  record Loaded(
      int slot,
      HookPlan hook,
      PlanPrint print,
      int version,
      Map<String, Integer> programs,
      Runnable made,
      References references)
      implements AutoCloseable {
    /** If a slot has it the kernel keeps the program. */
    @Override
    public void close() {
      made.run();
    }
  }

  /** The plan that a slot's program was made of. */
  record Held(int version, References references) {}

  /**
   * Nothing is left behind if it fails.
   *
   * @param share of the ring, the same for all hooks of a policy in all its editions
   */
  Loaded load(HookPlan hook, PlanPrint print, int slot, int version, int share)
      throws BpfException {
    return hook.place() instanceof Place.Syscalls
        ? loadFromMolds(hook, print, slot, version, share)
        : loadObject(hook, print, slot, version, share);
  }

  private Loaded loadFromMolds(HookPlan hook, PlanPrint print, int slot, int version, int share)
      throws BpfException {
    var used = new Used();
    var loaded = new HashMap<String, Integer>();
    Runnable close = () -> loaded.values().forEach(Libc::close);
    try (var arena = Arena.ofConfined()) {
      var kind = kind(hook.place());
      var constants = mold(kind, kind.atEntry().program()).constants(arena);
      var plan = constants.asSlice(planAt(kind), Structs.HOOK_PLAN.byteSize());
      HookPlanCodec.write(plan, hook, slot, version, used);
      plan.set(JAVA_INT, offset(Structs.HOOK_PLAN, "share"), share);
      for (var program : programs(kind, hook)) {
        loaded.put(program, mold(kind, program).load(constants));
      }
      var references = HookPlanCodec.references(plan);
      return new Loaded(slot, hook, print, version, loaded, close, references);
    } catch (BpfException e) {
      close.run();
      release(used.references());
      throw e;
    }
  }

  private ProgramMold mold(Kind kind, String program) throws BpfException {
    var made = molds.get(program);
    if (made == null) {
      made =
          ProgramMold.of(kind.file(), kind.object().objectName(), program, maps::load, maps::all);
      molds.put(program, made);
    }
    return made;
  }

  private static List<String> programs(Kind kind, HookPlan hook) {
    var entry = kind.atEntry().program();
    return hook.decidesAtReturn() ? List.of(entry, kind.returns().program()) : List.of(entry);
  }

  private Loaded loadObject(HookPlan hook, PlanPrint print, int slot, int version, int share)
      throws BpfException {
    var used = new Used();
    BpfObject object = null;
    try {
      var kind = kind(hook.place());
      object = kind.open();
      var wanted = programs(kind, hook);
      object.leaveOutAllBut(wanted.toArray(String[]::new));
      var constants = object.constant(PLAN);
      if (constants.byteSize() != Structs.HOOK_PLAN.byteSize()) {
        throw new BpfException("apply", 0, "struct hook_plan has not the size that is expected");
      }
      HookPlanCodec.write(constants, hook, slot, version, used);
      constants.set(JAVA_INT, offset(Structs.HOOK_PLAN, "share"), share);
      var references = HookPlanCodec.references(constants);
      load(object, kind, hook.place());
      var loaded = new HashMap<String, Integer>();
      for (var program : wanted) {
        loaded.put(program, object.program(program).fd());
      }
      return new Loaded(slot, hook, print, version, loaded, object::close, references);
    } catch (BpfException e) {
      if (object != null) {
        object.close();
      }
      release(used.references());
      throw e;
    }
  }

  private void load(BpfObject object, Kind kind, Place place) throws BpfException {
    if (place instanceof Place.LsmHook hook) {
      object.program(kind.atEntry().program()).setTarget(hook.name());
      LsmHooks.load(object, maps, places.point(hook));
    } else {
      maps.load(object);
    }
  }

  /** From now on the slot runs this program, instead of the one that it had. */
  void install(Loaded loaded) throws BpfException {
    var its = kind(loaded.hook().place());
    for (var kind : kinds()) {
      if (!kind.atEntry().equals(its.atEntry())) {
        remove(kind, loaded.slot());
      }
    }
    if (loaded.hook().decidesAtReturn()) {
      put(its.returns(), loaded);
    } else {
      remove(its.atReturn(), loaded.slot());
    }
    put(its.atEntry(), loaded);
  }

  private void put(Slots slots, Loaded loaded) throws BpfException {
    maps.get(slots.map()).put(loaded.slot(), loaded.programs().getOrDefault(slots.program(), -1));
  }

  void uninstall(int slot) throws BpfException {
    for (var kind : kinds()) {
      remove(kind, slot);
    }
  }

  private void remove(Kind kind, int slot) throws BpfException {
    remove(kind.atEntry(), slot);
    remove(kind.atReturn(), slot);
  }

  private void remove(@Nullable Slots slots, int slot) throws BpfException {
    var map = slots == null ? Optional.<KernelMap>empty() : maps.find(slots.map());
    if (map.isPresent()) {
      map.get().delete(slot);
    }
  }

  /**
   * The values of a program's sets, while it runs: of each set in one step.
   *
   * @param references of the program
   * @param wanted in their order
   */
  void change(References references, List<ValueSet> wanted) throws BpfException {
    var before = references.sets().stream().map(sets::get).toList();
    int done = 0;
    try {
      for (; done < wanted.size(); done++) {
        sets.change(references.sets().get(done), wanted.get(done));
      }
    } catch (BpfException e) {
      while (--done >= 0) {
        sets.change(references.sets().get(done), before.get(done));
      }
      throw e;
    }
  }

  /** Bytes of kernel memory that are there for the program in a slot: itself and its constants. */
  long memory(int slot) throws BpfException {
    long bytes = 0;
    for (var kind : kinds()) {
      int program = program(kind, slot);
      if (program != 0) {
        bytes += BpfProgram.memory(program);
        for (int id : BpfProgram.mapIds(program)) {
          try (var map = KernelMap.byId(id)) {
            bytes += map.name().equals(kind.object().constants()) ? map.kernelBytes() : 0;
          }
        }
      }
    }
    return bytes;
  }

  @Override
  public void close() {
    molds.values().forEach(ProgramMold::close);
  }

  /** Whether the slot runs anything. */
  boolean isInstalled(int slot) throws BpfException {
    for (var kind : kinds()) {
      if (program(kind, slot) != 0) {
        return true;
      }
    }
    return false;
  }

  /** Its id; 0 if there is none. */
  private int program(Kind kind, int slot) throws BpfException {
    var slots = maps.find(kind.atEntry().map());
    return slots.isPresent() ? slots.get().getInt(slot) : 0;
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
    for (var kind : kinds()) {
      var held = held(kind, slot);
      if (held.isPresent()) {
        return held;
      }
    }
    return Optional.empty();
  }

  private Optional<Held> held(Kind kind, int slot) throws BpfException {
    int program = program(kind, slot);
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
