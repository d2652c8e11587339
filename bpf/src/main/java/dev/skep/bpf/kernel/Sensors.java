package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.ProcessHooks;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import dev.skep.bpf.libbpf.Libc;
import java.nio.file.Files;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The programs that are always attached: the base sensor and the dispatchers. Those of a new agent
 * are attached beside its predecessor's, become the active ones, and then the old ones go: no call
 * is missed and none is seen twice (generation.h tells how).
 */
final class Sensors implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sensors.class);
  private static final String ACTIVE = "active_generation";

  private final Folder folder;
  private final NodeMaps maps;
  private final BaseSensor base;
  private final BpfObject syscalls;
  private final Dispatch dispatch;
  private final int generation;
  private @Nullable Places places;

  /** Whether this kernel can run the dispatchers. */
  private final boolean dispatches;

  /** The dispatcher of returns, once somebody asked: its loops take the verifier a while. */
  private @Nullable BpfObject returns;

  /**
   * @param syscalls opened, not loaded; borrowed
   */
  Sensors(
      Folder folder,
      NodeMaps maps,
      BaseSensor base,
      BpfObject syscalls,
      Dispatch dispatch,
      int generation)
      throws BpfException {
    this.folder = folder;
    this.maps = maps;
    this.base = base;
    this.syscalls = syscalls;
    this.dispatch = dispatch;
    this.generation = generation;
    this.dispatches = Programs.canDispatch();
  }

  void load() throws BpfException {
    base.load();
    if (dispatches) {
      load(syscalls, dispatch.enter());
    }
  }

  private void load(BpfObject object, String wanted) throws BpfException {
    object.leaveOutAllBut(wanted);
    object.constant("generation").set(JAVA_INT, 0, generation);
    maps.load(object);
  }

  /** Those that hooks sit on; after load. */
  Places places() throws BpfException {
    var known = places;
    if (known == null) {
      known = new Places(folder, maps, generation);
      places = known;
    }
    return known;
  }

  /** Attached, but asleep until {@link #activate}. */
  void attach(PointBits bits) throws BpfException {
    base.attach();
    if (dispatches) {
      folder.attach(generation, syscalls.program(dispatch.enter()));
      watchReturns(bits.anyReturns());
      places().watch(bits);
      LOG.info("system calls are seen by: {}", dispatch);
    }
  }

  /** The generation whose programs act, or acted when their agent ended; 0 if there was none. */
  static int active(NodeMaps maps) throws BpfException {
    return maps.get(ACTIVE).getInt(0) >> 1;
  }

  /**
   * The predecessor's programs act until here, and from here on ours. Between the steps all runs
   * end that began before, so that each run meets one change at most.
   */
  void activate() throws BpfException {
    int before = active(maps);
    if (before != 0) {
      forgetNotes();
      setActive(before, Structs.HANDING_OVER);
      Libc.awaitRunningPrograms();
      setActive(generation, Structs.HANDING_OVER);
      Libc.awaitRunningPrograms();
    }
    setActive(generation, 0);
    folder.removeLinksBut(generation);
  }

  /**
   * Those of an earlier handing over, by threads that have made no call in one since: they would be
   * taken for notes of this one, and a call be left to a program that does not act.
   */
  private void forgetNotes() throws BpfException {
    var notes = maps.get("handled");
    var threads = new ArrayList<Integer>();
    notes.forEach((thread, _) -> threads.add(thread.get(JAVA_INT, 0)));
    for (int thread : threads) {
      notes.delete(thread);
    }
  }

  private void setActive(int acting, int handingOver) throws BpfException {
    maps.get(ACTIVE).put(0, (acting << 1) | handingOver);
  }

  /** Takes back what {@link #attach} did, if {@link #activate} could not follow. */
  void detach() throws BpfException {
    folder.removeLinks(generation);
  }

  /** The dispatcher of returns costs each system call 36 ns: it is there only if someone asks. */
  void watchReturns(boolean wanted) throws BpfException {
    var link = folder.link(generation, dispatch.exit());
    boolean watching = Files.exists(link);
    if (wanted && !watching) {
      folder.attach(generation, returns().program(dispatch.exit()));
    } else if (!wanted && watching) {
      Folder.remove(link);
    }
  }

  private BpfObject returns() throws BpfException {
    var loaded = returns;
    if (loaded == null) {
      loaded = Programs.SYSCALLS.open();
      try {
        load(loaded, dispatch.exit());
      } catch (BpfException e) {
        loaded.close();
        throw e;
      }
      returns = loaded;
    }
    return loaded;
  }

  /** Puts processes that are missing into the process map, and followed bits where they are due. */
  void markProcesses() throws BpfException {
    base.markProcesses();
  }

  Dispatch dispatch() {
    return dispatch;
  }

  ProcessHooks processHooks() {
    return base.hooks();
  }

  /** Runs that the kernel skipped, for the program was running on that CPU already. */
  long recursionMisses() throws BpfException {
    long misses = base.recursionMisses();
    if (!dispatches) {
      return misses;
    }
    misses += BpfProgram.recursionMisses(syscalls.program(dispatch.enter()).fd());
    misses += places().recursionMisses();
    var dispatcher = returns;
    return dispatcher == null
        ? misses
        : misses + BpfProgram.recursionMisses(dispatcher.program(dispatch.exit()).fd());
  }

  /** Whether the dispatchers that the kernel runs are this agent's. */
  boolean isDispatching(boolean withReturns) throws BpfException {
    return active(maps) == generation
        && runs(syscalls, dispatch.enter())
        && (!withReturns || runs(returns(), dispatch.exit()));
  }

  private boolean runs(BpfObject object, String program) throws BpfException {
    return folder.runs(generation, program, object.program(program));
  }

  @Override
  public void close() {
    base.close();
    if (returns != null) {
      returns.close();
    }
    if (places != null) {
      places.close();
    }
  }
}
