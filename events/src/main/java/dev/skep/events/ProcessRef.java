package dev.skep.events;

/**
 * A process as one event names it.
 *
 * @param refcnt how many uses the agent's cache knew of at that moment; 0 is left out of the wire
 *     form
 * @param tid the thread that acted
 */
public record ProcessRef(TracedProcess process, int refcnt, int tid) {

  /** The process itself, acting through its first thread. */
  public static ProcessRef of(TracedProcess process) {
    return new ProcessRef(process, 0, process.facts().pid());
  }
}
