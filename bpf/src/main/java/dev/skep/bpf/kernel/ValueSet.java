package dev.skep.bpf.kernel;

import dev.skep.bpf.HookPlan.Network;
import java.util.Set;

/** Values that many hooks may ask for; equal ones are in the kernel once. */
sealed interface ValueSet {

  /** Whole texts: paths of files or executables, strings. */
  record Texts(Set<String> texts) implements ValueSet {
    public Texts {
      texts = Set.copyOf(texts);
    }
  }

  record Prefixes(Set<String> texts) implements ValueSet {
    public Prefixes {
      texts = Set.copyOf(texts);
    }
  }

  record Postfixes(Set<String> texts) implements ValueSet {
    public Postfixes {
      texts = Set.copyOf(texts);
    }
  }

  /** Widened to 64 bits as their argument's kind says. */
  record Numbers(Set<Long> numbers) implements ValueSet {
    public Numbers {
      numbers = Set.copyOf(numbers);
    }
  }

  /** All numbers that begin with one of these, widened to 64 bits. */
  record Ranges(Set<NumberPrefix> prefixes) implements ValueSet {
    public Ranges {
      prefixes = Set.copyOf(prefixes);
    }
  }

  record Networks(Set<Network> networks) implements ValueSet {
    public Networks {
      networks = Set.copyOf(networks);
    }
  }
}
