package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyPlan.Scope;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.SkepKernel.HeldPolicy;
import dev.skep.bpf.kernel.HookPlanCodec.References;
import dev.skep.bpf.kernel.HookPrograms.Loaded;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.bpf.libbpf.Libc;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The policies in the kernel. The order of steps makes the promises: programs are verified before
 * anything changes; a slot's state says "loaded" last, so that whoever finds it after a crash
 * knows; value sets go when no program that uses them can still run. An edit that changes only what
 * is in value sets changes no program.
 *
 * <p>A hook that an edit takes off a system call is silent for a grace period (some 20 ms), for its
 * new program must not be asked at a call that it is not for. All other edits have no gap.
 */
final class Policies implements AutoCloseable {
  private final NodeMaps maps;
  private final KernelMap states;
  private final Sensors sensors;
  private final Counters counters;
  private final Owners owners;
  private final ValueSets sets;
  private final FollowedSets followed;
  private final HookPrograms programs;
  private final PointBits bits;
  private final Places places;
  private final ChainLimit chains;
  private final Covers covers;
  private final SlotBook book = new SlotBook();

  /** By slot: what the program in it uses. */
  private final Map<Integer, References> references = new HashMap<>();

  /** By slot: bytes of kernel memory, until something changes there. */
  private final Map<Integer, Long> memory = new HashMap<>();

  /**
   * @param programFile the object that the programs of hooks on system calls are made of
   */
  Policies(NodeMaps maps, Sensors sensors, Counters counters, Owners owners, byte[] programFile)
      throws BpfException {
    this.maps = maps;
    this.states = maps.get("hooks");
    this.sensors = sensors;
    this.counters = counters;
    this.owners = owners;
    this.sets = new ValueSets(maps);
    this.followed = new FollowedSets(maps, sensors::markProcesses);
    this.bits = new PointBits(maps);
    this.places = sensors.places();
    this.programs = new HookPrograms(maps, sets, followed, places, sensors.dispatch(), programFile);
    this.chains = new ChainLimit(bits, places, book);
    this.covers = new Covers(maps, book, chains, this::write);
  }

  /** Which policies act in which cgroups. */
  Covers covers() {
    return covers;
  }

  /** What hooks are asked at. */
  PointBits bits() {
    return bits;
  }

  /** Learns what an earlier agent left, and clears away what it did not finish. */
  void recover() throws BpfException {
    var found = readStates();
    for (int slot = 0; slot < Structs.HOOKS_MAX; slot++) {
      var state = found.get(slot);
      if (state == null) {
        silence(slot);
      } else {
        recover(slot, state);
      }
    }
    covers.recover();
    sets.adopt(
        references.values().stream()
            .flatMap(its -> its.sets().stream())
            .collect(Collectors.toSet()));
    followed.adopt(references.values().stream().flatMap(its -> its.followed().stream()).toList());
  }

  private void recover(int slot, HookState state) throws BpfException {
    var held = programs.held(slot);
    held.ifPresent(its -> references.put(slot, its.references()));
    if (held.isEmpty()) {
      silence(slot);
    }
    boolean whole = held.isPresent() && held.get().version() == state.version();
    write(slot, whole ? state : state.with(state.version(), PlanHash.NONE, PlanHash.NONE));
    owners.add(slot, state);
  }

  private void silence(int slot) throws BpfException {
    bits.keepOnly(slot, Set.of());
    programs.uninstall(slot);
  }

  void apply(PolicyPlan plan, PolicyTotals seed) throws BpfException {
    PlanLimits.check(plan);
    chains.check(plan, covers.inUse());
    boolean isNew = book.of(plan.uid()).isEmpty();
    var indexes = new TreeSet<Integer>();
    plan.hooks().forEach(hook -> indexes.add(hook.index()));
    if (isNew) {
      seed.hooks().forEach(hook -> indexes.add(hook.index()));
    }
    var slots = book.choose(plan.uid(), indexes);
    int share = share(plan.uid(), slots);
    var changed = new ArrayList<Loaded>();
    var edited = new ArrayList<Edited>();
    var installed = new HashSet<Integer>();
    try {
      for (var hook : plan.hooks()) {
        int slot = slots.getOrDefault(hook.index(), -1);
        var print = programs.print(hook);
        var state = book.get(slot);
        if (state != null && state.loaded().equals(print.plan())) {
          continue;
        }
        if (state != null && references.containsKey(slot) && hasProgram(state, print)) {
          edited.add(new Edited(slot, print));
        } else {
          changed.add(programs.load(hook, print, slot, book.nextVersion(), share));
          places.watch(hook); // nobody is asked there yet
        }
      }
      if (isNew) {
        describe(plan, seed, slots);
        for (var hook : seed.hooks()) {
          counters.carryOver(slots.getOrDefault(hook.index(), -1), hook);
        }
      }
      for (var loaded : changed) {
        counters.prepare(loaded.slot(), loaded.hook().selectors().size());
      }
      // The old programs shall not act where only the new ones may, nor the other way round.
      describe(inNarrowerScope(plan), seed, slots);
      replace(plan, changed, installed);
      for (var hook : edited) {
        change(hook);
      }
      describe(plan, seed, slots);
      book.of(plan.uid()).values().stream()
          .filter(slot -> book.taken(slot).isLoaded())
          .forEach(slot -> owners.add(slot, book.taken(slot)));
    } catch (BpfException e) {
      if (isNew) {
        withdraw(plan.uid(), e);
      }
      throw e;
    } finally {
      for (var loaded : changed) {
        loaded.close();
        if (!installed.contains(loaded.slot())) {
          programs.release(loaded.references()); // it failed before this one was in place
        }
      }
      places.keepOnly(bits);
    }
  }

  /** The slot of the policy's first hook, which is its as long as it is there. */
  private int share(String uid, Map<Integer, Integer> slots) {
    var all = book.of(uid);
    all.putAll(slots);
    return all.firstEntry().getValue();
  }

  /** A hook whose program stays, with other values in its sets. */
  private record Edited(int slot, PlanPrint print) {}

  /** Whether the slot's program is the one for this plan but for values. */
  private boolean hasProgram(HookState state, PlanPrint print) {
    return state.program().equals(print.program());
  }

  private void change(Edited hook) throws BpfException {
    var before = book.taken(hook.slot());
    write(hook.slot(), before.with(PlanHash.NONE));
    try {
      programs.change(used(references.get(hook.slot())), hook.print().sets());
    } catch (BpfException e) {
      write(hook.slot(), before);
      throw e;
    }
    write(hook.slot(), before.with(hook.print().plan()));
  }

  private void withdraw(String uid, BpfException reason) {
    try {
      remove(uid);
    } catch (BpfException e) {
      reason.addSuppressed(e);
    }
  }

  /** Each slot of the policy, new ones too, says what the edition wants and where it acts. */
  private void describe(PolicyPlan plan, PolicyTotals seed, NavigableMap<Integer, Integer> slots)
      throws BpfException {
    var base = base(plan, seed);
    slots.putAll(book.of(plan.uid()));
    for (var entry : slots.entrySet()) {
      var state = book.get(entry.getValue());
      var next =
          state == null ? HookState.empty(plan, entry.getKey(), base) : state.with(plan, base);
      if (!next.equals(state)) {
        write(entry.getValue(), next);
      }
    }
    covers.refresh();
  }

  private PolicyPlan inNarrowerScope(PolicyPlan plan) {
    boolean wasChosen =
        book.of(plan.uid()).values().stream()
            .anyMatch(slot -> book.taken(slot).scope() == Scope.CHOSEN);
    return wasChosen
        ? new PolicyPlan(plan.uid(), plan.generation(), plan.monitor(), Scope.CHOSEN, plan.hooks())
        : plan;
  }

  /** Stays what it was, or where other processes are counted from now on their sum stays. */
  private ProcessTotals base(PolicyPlan plan, PolicyTotals seed) throws BpfException {
    var known = book.of(plan.uid()).firstEntry();
    if (known == null) {
      return seed.processes().minus(counted(plan.uid(), plan.scope()));
    }
    var state = book.taken(known.getValue());
    if (state.scope() == plan.scope()) {
      return state.base();
    }
    return counted(plan.uid(), state.scope())
        .plus(state.base())
        .minus(counted(plan.uid(), plan.scope()));
  }

  private ProcessTotals counted(String uid, Scope scope) throws BpfException {
    return scope == Scope.CHOSEN ? covers.counted(uid) : counters.processes();
  }

  /** Puts the changed hooks in place of what their slots have, and silences those that are gone. */
  private void replace(PolicyPlan plan, List<Loaded> changed, Set<Integer> installed)
      throws BpfException {
    var indexes = plan.hooks().stream().map(hook -> hook.index()).toList();
    var gone = book.of(plan.uid());
    gone.keySet().removeAll(indexes);
    boolean lessAsked = false;
    for (int slot : gone.values()) {
      write(slot, withoutProgram(slot));
      lessAsked |= bits.keepOnly(slot, Set.of());
    }
    for (var loaded : changed) {
      write(
          loaded.slot(),
          book.taken(loaded.slot()).with(loaded.version(), PlanHash.NONE, PlanHash.NONE));
      owners.add(loaded.slot(), book.taken(loaded.slot()));
      lessAsked |= bits.keepOnly(loaded.slot(), places.points(loaded.hook().place()));
    }
    if (lessAsked) {
      Libc.awaitRunningPrograms();
    }

    if (changed.stream().anyMatch(Policies::wantsReturnOfSyscall)) {
      sensors.watchReturns(true);
    }
    var unused = new ArrayList<References>();
    for (int slot : gone.values()) {
      programs.uninstall(slot);
      unused.add(used(references.remove(slot)));
    }
    for (var loaded : changed) {
      programs.install(loaded);
      installed.add(loaded.slot());
      unused.add(used(references.put(loaded.slot(), loaded.references())));
      bits.add(loaded.slot(), places.points(loaded.hook().place()), loaded.hook());
      var print = loaded.print();
      write(
          loaded.slot(),
          book.taken(loaded.slot()).with(loaded.version(), print.program(), print.plan()));
    }
    sensors.watchReturns(bits.anyReturns());
    release(unused);
  }

  private HookState withoutProgram(int slot) {
    var state = book.taken(slot);
    return state.with(state.version(), PlanHash.NONE, PlanHash.NONE);
  }

  private static boolean wantsReturnOfSyscall(Loaded loaded) {
    return loaded.hook().wantsReturn() && loaded.hook().place() instanceof Place.Syscalls;
  }

  @Override
  public void close() {
    programs.close();
  }

  void remove(String uid) throws BpfException {
    var slots = book.of(uid).values();
    boolean lessAsked = false;
    for (int slot : slots) {
      write(slot, withoutProgram(slot));
      lessAsked |= bits.keepOnly(slot, Set.of());
    }
    if (lessAsked) {
      Libc.awaitRunningPrograms(); // or a chain that is running would find its next program gone
    }
    var unused = new ArrayList<References>();
    for (int slot : slots) {
      programs.uninstall(slot);
      unused.add(used(references.remove(slot)));
    }
    sensors.watchReturns(bits.anyReturns());
    places.keepOnly(bits);
    release(unused);
    for (int slot : slots) {
      counters.remove(slot);
      clear(slot);
    }
    covers.refresh();
  }

  private static References used(@Nullable References references) {
    return references == null ? References.NONE : references;
  }

  private void release(List<References> unused) throws BpfException {
    if (unused.stream().allMatch(References.NONE::equals)) {
      return;
    }
    // A program that still runs and finds its set gone would take "not in the set" for granted.
    Libc.awaitRunningPrograms();
    for (var its : unused) {
      programs.release(its);
    }
  }

  /** Read back from the kernel, not from what was asked of it. */
  Map<String, HeldPolicy> held() throws BpfException {
    var asked = new PointBits(maps);
    boolean dispatching = sensors.isDispatching(asked.anyReturns());
    var misplaced = covers.misplaced();
    var held = new TreeMap<String, HeldPolicy>();
    for (var entry : readStates().entrySet()) {
      int slot = entry.getKey();
      var state = entry.getValue();
      boolean acts = programs.isInstalled(slot) && isAsked(slot, asked) && !misplaced.get(slot);
      // Nothing in the slot is as it should be where the policy has this hook no longer.
      boolean whole = state.isLoaded() ? dispatching && acts : !programs.isInstalled(slot);
      var hooks = state.isLoaded() ? Set.of(state.index()) : Set.<Integer>of();
      var here = new HeldPolicy(state.generation(), state.monitor(), hooks, whole);
      held.merge(state.policy(), here, Policies::both);
    }
    held.replaceAll((_, policy) -> policy.hooks().isEmpty() ? incomplete(policy) : policy);
    return held;
  }

  /** At some point, and at all that it has there is what it needs. */
  private boolean isAsked(int slot, PointBits asked) throws BpfException {
    var points = asked.points(slot);
    for (int point = points.nextSetBit(0); point >= 0; point = points.nextSetBit(point + 1)) {
      if (!places.isWatched(point, asked)) {
        return false;
      }
    }
    return !points.isEmpty();
  }

  private static HeldPolicy both(HeldPolicy one, HeldPolicy other) {
    var hooks = new TreeSet<>(one.hooks());
    hooks.addAll(other.hooks());
    return new HeldPolicy(
        Math.min(one.generation(), other.generation()),
        one.monitor() && other.monitor(),
        Set.copyOf(hooks),
        one.complete() && other.complete());
  }

  private static HeldPolicy incomplete(HeldPolicy policy) {
    return new HeldPolicy(policy.generation(), policy.monitor(), policy.hooks(), false);
  }

  /** Bytes of kernel memory that the policy's programs, constants and value sets take. */
  long memory(String uid) throws BpfException {
    long bytes = 0;
    for (int slot : book.of(uid).values()) {
      var known = memory.get(slot);
      if (known == null) {
        known = programs.memory(slot);
        for (int set : used(references.get(slot)).sets()) {
          known += sets.memory(set);
        }
        memory.put(slot, known);
      }
      bytes += known;
    }
    return bytes;
  }

  PolicyTotals totals(String uid) throws BpfException {
    var slots = book.of(uid);
    if (slots.isEmpty()) {
      return PolicyTotals.NONE;
    }
    var hooks = new ArrayList<HookTotals>();
    for (var entry : slots.entrySet()) {
      hooks.add(counters.hook(entry.getValue(), entry.getKey()));
    }
    var state = book.taken(slots.firstEntry().getValue());
    return new PolicyTotals(hooks, counted(uid, state.scope()).plus(state.base()));
  }

  private void write(int slot, HookState state) throws BpfException {
    memory.remove(slot);
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.HOOK_STATE);
      state.write(value);
      states.put(slot, value);
    }
    book.put(slot, state);
  }

  private void clear(int slot) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      states.put(slot, arena.allocate(Structs.HOOK_STATE));
    }
    book.free(slot);
  }

  private NavigableMap<Integer, HookState> readStates() throws BpfException {
    var found = new TreeMap<Integer, HookState>();
    states.forEach((key, value) -> {
      if (HookState.isTaken(value)) {
        found.put(key.get(JAVA_INT, 0), HookState.read(value));
      }
    });
    return found;
  }
}
