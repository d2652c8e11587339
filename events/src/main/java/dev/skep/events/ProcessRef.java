package dev.skep.events;

import org.jspecify.annotations.Nullable;

/**
 * A process as one event names it.
 *
 * @param container that it was in at that moment; null for processes of the host
 * @param refcnt how many uses the agent's cache knew of at that moment; 0 is left out of the wire
 *     form
 * @param tid the thread that acted
 */
public record ProcessRef(
    TracedProcess process, @Nullable TracedContainer container, int refcnt, int tid) {

  /** A process of the host. */
  public ProcessRef(TracedProcess process, int refcnt, int tid) {
    this(process, null, refcnt, tid);
  }

  /** The process itself, acting through its first thread, on the host. */
  public static ProcessRef of(TracedProcess process) {
    return new ProcessRef(process, null, 0, process.facts().pid());
  }
}
