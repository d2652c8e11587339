package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.ProcessRef;
import dev.skep.events.TracedContainer;
import dev.skep.events.TracedProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One run of one program. It is open while its process runs it, and is kept for as long as a child,
 * an event that waits, or the cache's list of what ended just now refers to it. Owned by its {@link
 * ProcessCache}; one thread.
 */
public final class CachedProcess {
  /** So many ancestors one event tells at most, and so many ended ones in a row are kept for it. */
  static final int ANCESTORS = 128;

  /** What an entry takes besides its texts: objects, exec id, the constant words of its JSON. */
  private static final int BARE_BYTES = 1024;

  /** A text is kept twice: as such and within the JSON. */
  private static final int COPIES = 2;

  /** The node's name for a run of a program, as in its exec id. */
  record Program(int pid, long began) {}

  private final Program program;
  private final ProcessKey key;
  private final boolean awaitsExec;

  /** Null until somebody asks: most forks exec before that. */
  private @Nullable TracedProcess traced;

  private @Nullable Supplier<TracedProcess> facts;
  private @Nullable CachedProcess parent;
  private boolean open = true;

  /** Where its last record came from; 0: not known. */
  private long cgroup;

  private @Nullable TracedContainer container;

  /** One for being open, one for each open child and each event that waits: what is told. */
  private int uses = 1;

  /** One for everything that refers to it: while there is any, its cache keeps it. */
  private int keepers;

  /** Whether a cache counts it; one made for a single late record is nobody's. */
  private boolean kept;

  /** As its cache counts it. */
  private int bytes = BARE_BYTES;

  CachedProcess(ProcessKey key, long began, @Nullable CachedProcess parent, TracedProcess traced) {
    this.program = new Program(key.pid(), began);
    this.key = key;
    this.awaitsExec = false;
    this.parent = parent;
    this.traced = traced;
  }

  /** One that was forked and runs its parent's program still. */
  CachedProcess(ProcessKey key, @Nullable CachedProcess parent, Supplier<TracedProcess> facts) {
    this.program = new Program(key.pid(), key.start());
    this.key = key;
    this.awaitsExec = true;
    this.parent = parent;
    this.facts = facts;
  }

  Program program() {
    return program;
  }

  public ProcessKey key() {
    return key;
  }

  /**
   * Whether it is this run of this process.
   *
   * @param began 0: not known, the process will do
   */
  boolean runs(ProcessKey process, long began) {
    return key.start() == process.start()
        && key.pid() == process.pid()
        && (began == 0 || began == program.began());
  }

  /** Whether it is a program of this process. */
  public boolean is(ProcessKey process) {
    return runs(process, 0);
  }

  long cgroup() {
    return cgroup;
  }

  /** It is in this cgroup from now on. */
  void moved(long cgroup, @Nullable TracedContainer container) {
    this.cgroup = cgroup;
    this.container = container;
  }

  boolean awaitsExec() {
    return awaitsExec;
  }

  boolean isOpen() {
    return open;
  }

  /** Whether anything but its cache refers to it. */
  boolean isReferredTo() {
    return keepers > 1;
  }

  boolean isKept() {
    return kept;
  }

  void setKept(boolean kept) {
    this.kept = kept;
  }

  @Nullable CachedProcess parent() {
    return parent;
  }

  public TracedProcess traced() {
    var known = traced;
    if (known == null) {
      known = Objects.requireNonNull(facts).get();
      traced = known;
      facts = null;
    }
    return known;
  }

  /** As an event of the thread {@code tid} names it. */
  public ProcessRef ref(int tid) {
    return new ProcessRef(traced(), container, uses, tid);
  }

  /** The parent as the same event names it; null if it is not known. */
  public @Nullable ProcessRef parentRef() {
    return parent == null ? null : parent.mainRef();
  }

  /** From the grandparent up, at most {@link #ANCESTORS}. */
  public List<ProcessRef> ancestorRefs() {
    var refs = new ArrayList<ProcessRef>();
    for (var at = parent == null ? null : parent.parent;
        at != null && refs.size() < ANCESTORS;
        at = at.parent) {
      refs.add(at.mainRef());
    }
    return refs;
  }

  private ProcessRef mainRef() {
    return ref(key.pid());
  }

  /** More is known of it than before, such as by its own exec record. */
  void learn(TracedProcess better) {
    traced = better;
    facts = null;
  }

  /** What it takes with the texts that are known by now. */
  int measure() {
    bytes = BARE_BYTES;
    if (traced != null) {
      var told = traced.facts();
      long texts = told.binary().length() + told.arguments().length() + (long) told.cwd().length();
      for (var variable : told.environment()) {
        texts += variable.key().length() + variable.value().length();
      }
      bytes += (int) Math.min(COPIES * texts, Integer.MAX_VALUE / 2);
    }
    return bytes;
  }

  /** As measured last. */
  public int bytes() {
    return bytes;
  }

  void use() {
    uses++;
    keepers++;
  }

  void unuse() {
    uses--;
  }

  void keep() {
    keepers++;
  }

  /** Whether nothing refers to it any more. */
  boolean unkeep() {
    keepers--;
    return keepers == 0;
  }

  /** Its process ended or runs another program: it counts as its parent's child no more. */
  void close() {
    open = false;
    uses--;
    if (parent != null) {
      parent.uses--;
    }
  }

  /** The parent that it had. */
  @Nullable CachedProcess orphan() {
    var had = parent;
    parent = null;
    return had;
  }
}
