package dev.skep.events;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A container that processes of this node are in, shared by all of them. What is known of it comes
 * late at times, and changes: an event tells what is known when it is written. Equal only to
 * itself. Any thread.
 */
public final class TracedContainer {
  private final boolean inPod;
  private volatile ContainerFacts facts;
  private volatile boolean givenUp;

  /** Racy on purpose, as that of {@link TracedProcess}. */
  private @Nullable ContainerJson json;

  /**
   * @param inPod whether it is a pod's and the pod can become known
   */
  public TracedContainer(ContainerFacts facts, boolean inPod) {
    this.facts = facts;
    this.inPod = inPod;
  }

  public ContainerFacts facts() {
    return facts;
  }

  public void learn(ContainerFacts better) {
    facts = better;
  }

  /** Whether more is about to be known, so that events do well to wait. */
  public boolean isAwaited() {
    return inPod && !givenUp && !facts.areWhole();
  }

  /** Its events wait no more. */
  public void giveUp() {
    givenUp = true;
  }

  /** Whether it is of a pod that is not known. */
  public boolean lacksPod() {
    return inPod && facts.pod() == null;
  }

  /** Its JSON, made by {@code encoder} when it is first asked for since the last change. */
  @SuppressWarnings("ReferenceEquality") // what was learned last is a new object
  public ContainerJson json(Function<ContainerFacts, ContainerJson> encoder) {
    var now = facts;
    var made = json;
    if (made == null || made.of() != now) {
      made = encoder.apply(now);
      json = made;
    }
    return made;
  }

  @Override
  public String toString() {
    return facts.toString();
  }
}
