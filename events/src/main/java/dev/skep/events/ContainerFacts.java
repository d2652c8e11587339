package dev.skep.events;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a container at one moment. Its pod may be known before it is, never the other
 * way round.
 *
 * @param id the runtime's, whole; never empty
 */
public record ContainerFacts(String id, @Nullable Pod pod, @Nullable Container container) {
  public ContainerFacts {
    if (id.isEmpty() || (pod == null && container != null)) {
      throw new IllegalArgumentException("container " + container + " of pod " + pod);
    }
    id = KernelText.wellFormed(id);
  }

  /** Whether nothing is left to be known. */
  public boolean areWhole() {
    return container != null && !container.name().isEmpty();
  }
}
