package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;

/** What attaches the programs that ask hooks, to places of one kind. One thread at a time. */
interface Dispatchers extends AutoCloseable {
  /** From now on the place is seen, and what else the hook asks for is there. */
  void watch(String name, int point, HookPlan hook) throws BpfException;

  /** All that hooks there ask for, for an agent that takes over. */
  void watch(String name, int point, PointBits bits) throws BpfException;

  /** Of what no hook asks for there, nothing stays. */
  void keepOnly(int point, PointBits bits) throws BpfException;

  /** Whether what the kernel runs there is this agent's, and all that is asked for. */
  boolean isWatched(int point, PointBits asked) throws BpfException;

  /** Runs that the kernel skipped. */
  long recursionMisses() throws BpfException;

  @Override
  void close();
}
