package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.HOOK_STATE;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyPlan.Scope;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What the kernel knows of a taken slot: struct hook_state.
 *
 * @param policy uid; never empty
 * @param version of the program; unique to each load on this node
 * @param loaded the plan that is loaded completely, or {@link PlanHash#NONE}
 * @param program what shaped the program that is in the slot
 * @param scope of the policy
 * @param base what to add to the process counters of the node, or of the covers that have the
 *     policy, to get the policy's
 * @param folded 1 + the number of the cover whose counters {@code base} has already, though that
 *     cover may still have them; 0: none
 */
record HookState(
    String policy,
    long generation,
    int index,
    boolean monitor,
    int version,
    PlanHash loaded,
    PlanHash program,
    Scope scope,
    ProcessTotals base,
    int folded) {
  private static final long POLICY = offset(HOOK_STATE, "policy");
  private static final long GENERATION = offset(HOOK_STATE, "generation");
  private static final long INDEX = offset(HOOK_STATE, "index");
  private static final long MONITOR = offset(HOOK_STATE, "monitor");
  private static final long VERSION = offset(HOOK_STATE, "version");
  private static final long CHOSEN = offset(HOOK_STATE, "chosen");
  private static final long PLAN_HASH = offset(HOOK_STATE, "plan_hash");
  private static final long PROGRAM_HASH = offset(HOOK_STATE, "program_hash");
  private static final long BASE_FORKS = offset(HOOK_STATE, "base_forks");
  private static final long BASE_EXECS = offset(HOOK_STATE, "base_execs");
  private static final long BASE_EXITS = offset(HOOK_STATE, "base_exits");
  private static final long FOLDED = offset(HOOK_STATE, "folded");

  /** Of a slot that has no program yet. */
  static HookState empty(PolicyPlan plan, int index, ProcessTotals base) {
    return new HookState(
        plan.uid(),
        plan.generation(),
        index,
        plan.monitor(),
        0,
        PlanHash.NONE,
        PlanHash.NONE,
        plan.scope(),
        base,
        0);
  }

  static boolean isTaken(MemorySegment state) {
    return state.get(JAVA_BYTE, POLICY) != 0;
  }

  static HookState read(MemorySegment state) {
    var policy = new byte[Structs.POLICY_BYTES];
    MemorySegment.copy(state, JAVA_BYTE, POLICY, policy, 0, policy.length);
    int length = 0;
    while (length < policy.length && policy[length] != 0) {
      length++;
    }
    return new HookState(
        new String(policy, 0, length, StandardCharsets.UTF_8),
        state.get(JAVA_LONG, GENERATION),
        state.get(JAVA_INT, INDEX),
        state.get(JAVA_INT, MONITOR) != 0,
        state.get(JAVA_INT, VERSION),
        hash(state, PLAN_HASH),
        hash(state, PROGRAM_HASH),
        state.get(JAVA_INT, CHOSEN) != 0 ? Scope.CHOSEN : Scope.EVERYWHERE,
        new ProcessTotals(
            state.get(JAVA_LONG, BASE_FORKS),
            state.get(JAVA_LONG, BASE_EXECS),
            state.get(JAVA_LONG, BASE_EXITS)),
        state.get(JAVA_INT, FOLDED));
  }

  private static PlanHash hash(MemorySegment state, long at) {
    return PlanHash.of(state.asSlice(at, Structs.HASH_BYTES).toArray(JAVA_BYTE));
  }

  void write(MemorySegment state) {
    state.fill((byte) 0);
    var uid = Arrays.copyOf(policy.getBytes(StandardCharsets.UTF_8), Structs.POLICY_BYTES);
    uid[Structs.POLICY_BYTES - 1] = 0;
    MemorySegment.copy(uid, 0, state, JAVA_BYTE, POLICY, uid.length);
    state.set(JAVA_LONG, GENERATION, generation);
    state.set(JAVA_INT, INDEX, index);
    state.set(JAVA_INT, MONITOR, monitor ? 1 : 0);
    state.set(JAVA_INT, VERSION, version);
    state.set(JAVA_INT, CHOSEN, scope == Scope.CHOSEN ? 1 : 0);
    MemorySegment.copy(loaded.bytes(), 0, state, JAVA_BYTE, PLAN_HASH, Structs.HASH_BYTES);
    MemorySegment.copy(program.bytes(), 0, state, JAVA_BYTE, PROGRAM_HASH, Structs.HASH_BYTES);
    state.set(JAVA_LONG, BASE_FORKS, base.forks());
    state.set(JAVA_LONG, BASE_EXECS, base.execs());
    state.set(JAVA_LONG, BASE_EXITS, base.exits());
    state.set(JAVA_INT, FOLDED, folded);
  }

  /** Whether a program of the policy acts in this slot, or only counters are kept. */
  boolean isLoaded() {
    return !loaded.equals(PlanHash.NONE);
  }

  /** The same program in another edition of its policy. */
  HookState with(PolicyPlan plan, ProcessTotals newBase) {
    return new HookState(
        policy,
        plan.generation(),
        index,
        plan.monitor(),
        version,
        loaded,
        program,
        plan.scope(),
        newBase,
        folded);
  }

  /** Of a program that has this version, and was shaped so. */
  HookState with(int newVersion, PlanHash newProgram, PlanHash newLoaded) {
    return new HookState(
        policy, generation, index, monitor, newVersion, newLoaded, newProgram, scope, base, folded);
  }

  HookState with(PlanHash newLoaded) {
    return with(version, program, newLoaded);
  }

  HookState with(ProcessTotals newBase, int newFolded) {
    return new HookState(
        policy, generation, index, monitor, version, loaded, program, scope, newBase, newFolded);
  }
}
