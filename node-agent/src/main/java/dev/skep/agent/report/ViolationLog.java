package dev.skep.agent.report;

import dev.skep.crds.v1alpha1.Violation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The newest violations. Any thread. */
public final class ViolationLog {
  /** As many as a node reports. */
  public static final int CAPACITY = 16;

  /** Of a path: what names the file is at its end. */
  private static final int TEXT = 256;

  private final ArrayDeque<Violation> newestFirst = new ArrayDeque<>(CAPACITY);

  public synchronized void add(Violation violation) {
    if (newestFirst.size() == CAPACITY) {
      newestFirst.removeLast();
    }
    newestFirst.addFirst(
        new Violation(
            violation.time(),
            violation.policyUid(),
            violation.node(),
            violation.namespace(),
            violation.pod(),
            violation.podUID(),
            violation.pid(),
            cut(violation.binary()),
            violation.hook(),
            cut(violation.path()),
            violation.action(),
            violation.enforced()));
  }

  /** What an earlier agent of this node reported, newest first: older than all that is here. */
  public synchronized void restore(List<Violation> earlier) {
    for (var violation : earlier) {
      if (newestFirst.size() < CAPACITY && !newestFirst.contains(violation)) {
        newestFirst.addLast(violation);
      }
    }
  }

  public synchronized List<Violation> newestFirst() {
    return new ArrayList<>(newestFirst);
  }

  private static @Nullable String cut(@Nullable String text) {
    if (text == null || text.length() <= TEXT) {
      return text;
    }
    int from = text.length() - TEXT + 1;
    return "…" + text.substring(Character.isLowSurrogate(text.charAt(from)) ? from + 1 : from);
  }
}
