package dev.skep.agent.process;

import java.util.EnumSet;
import java.util.Set;

/**
 * What events tell of processes beyond the usual.
 *
 * @param credentials capabilities, ids and what is special about an executable
 * @param ancestors kinds of events that tell all parents
 * @param environment whether the variables that a program is given are told
 * @param variables names of those that are; empty: all
 * @param userNames whether the accounts of host processes' users are named
 */
public record ProcessDetails(
    boolean credentials,
    boolean namespaces,
    Set<Family> ancestors,
    boolean environment,
    Set<String> variables,
    boolean userNames) {
  public static final ProcessDetails NONE =
      new ProcessDetails(false, false, Set.of(), false, Set.of(), false);

  /** Kinds of events. */
  public enum Family {
    /** Execs and exits. */
    BASE,
    KPROBE,
    TRACEPOINT,
    LSM
  }

  public ProcessDetails {
    ancestors = ancestors.isEmpty() ? EnumSet.noneOf(Family.class) : EnumSet.copyOf(ancestors);
    variables = Set.copyOf(variables);
  }
}
