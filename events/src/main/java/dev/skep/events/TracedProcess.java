package dev.skep.events;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A process as the agent's cache holds it, with a place for its encoded form: an exec of a busy
 * process is written into thousands of events, once as their process and once as the parent of its
 * children, and is encoded at the first of them. When a fact changes the cache makes a new one.
 * Equal only to itself. Any thread.
 */
public final class TracedProcess {
  private final ProcessFacts facts;

  /**
   * Racy on purpose: two threads may both encode, each sees a whole record, and both records say
   * the same.
   */
  private @Nullable FactsJson json;

  public TracedProcess(ProcessFacts facts) {
    this.facts = facts;
  }

  public ProcessFacts facts() {
    return facts;
  }

  /**
   * The part of the process's JSON that is the same in all events, made by {@code encoder} when it
   * is first asked for. Owned by this object.
   */
  public FactsJson json(Function<ProcessFacts, FactsJson> encoder) {
    var made = json;
    if (made == null) {
      made = encoder.apply(facts);
      json = made;
    }
    return made;
  }

  @Override
  public String toString() {
    return facts.toString();
  }
}
