package dev.skep.bpf.kernel;

import dev.skep.bpf.HookPlan.TextPart;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

/** Processes whose descendants are followed. */
sealed interface Followed {
  record Pid(int pid, boolean inNamespace) implements Followed {}

  /** Those that run this executable, or one whose path begins or ends so. */
  record Binary(TextPart part, String value) implements Followed {
    /** Whether all that the other stands for, this does, too. */
    boolean covers(Binary other) {
      return part == other.part
          && switch (part) {
            case WHOLE -> value.equals(other.value);
            case PREFIX -> other.value.startsWith(value);
            case POSTFIX -> other.value.endsWith(value);
          };
    }
  }

  static Set<Followed> pids(boolean inNamespace, Collection<Integer> pids) {
    return pids.stream().map(pid -> new Pid(pid, inNamespace)).collect(Collectors.toSet());
  }

  static Set<Followed> binaries(TextPart part, Collection<String> values) {
    return values.stream().map(value -> new Binary(part, value)).collect(Collectors.toSet());
  }
}
