package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.ProcessRef;
import dev.skep.events.TracedProcess;
import org.jspecify.annotations.Nullable;

/**
 * One run of one program, alive or the parent of something alive. It lets go of its parent when it
 * ends: a line of daemons, each started by one that is gone, keeps only the last two in memory.
 * Owned by its {@link ProcessCache}; one thread.
 */
public final class CachedProcess {
  private final ProcessKey key;
  private final TracedProcess traced;
  private final boolean awaitsExec;
  private @Nullable CachedProcess parent;

  /** One for being alive, one for each child that is. */
  private int references = 1;

  CachedProcess(
      ProcessKey key, TracedProcess traced, boolean awaitsExec, @Nullable CachedProcess parent) {
    this.key = key;
    this.traced = traced;
    this.awaitsExec = awaitsExec;
    this.parent = parent;
    if (parent != null) {
      parent.references++;
    }
  }

  ProcessKey key() {
    return key;
  }

  /** Whether it was forked and runs its parent's program still. */
  boolean awaitsExec() {
    return awaitsExec;
  }

  @Nullable CachedProcess parent() {
    return parent;
  }

  public TracedProcess traced() {
    return traced;
  }

  /** As an event of the thread {@code tid} names it. */
  public ProcessRef ref(int tid) {
    return new ProcessRef(traced, references, tid);
  }

  /** The parent as the same event names it; null if it is not known. */
  public @Nullable ProcessRef parentRef() {
    return parent == null ? null : parent.ref(parent.traced.facts().pid());
  }

  /** It ended or runs another program now. */
  void end() {
    references--;
    if (parent != null) {
      parent.references--;
      parent = null;
    }
  }
}
