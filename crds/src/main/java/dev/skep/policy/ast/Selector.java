package dev.skep.policy.ast;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When actions are taken: all filters must match.
 *
 * @param parentBinaries of the parent process
 * @param returned of the return value
 * @param actions empty: the event is posted
 * @param returnActions taken when the call returns and its filters match
 */
public record Selector(
    String path,
    @Nullable String label,
    List<PidFilter> pids,
    List<BinaryFilter> binaries,
    List<BinaryFilter> parentBinaries,
    List<ArgumentFilter> arguments,
    List<ReturnFilter> returned,
    List<NamespaceFilter> namespaces,
    List<NamespaceChangeFilter> namespaceChanges,
    List<CapabilityFilter> capabilities,
    List<CapabilityFilter> capabilityChanges,
    List<Action> actions,
    List<Action> returnActions) {
  public Selector {
    pids = List.copyOf(pids);
    binaries = List.copyOf(binaries);
    parentBinaries = List.copyOf(parentBinaries);
    arguments = List.copyOf(arguments);
    returned = List.copyOf(returned);
    namespaces = List.copyOf(namespaces);
    namespaceChanges = List.copyOf(namespaceChanges);
    capabilities = List.copyOf(capabilities);
    capabilityChanges = List.copyOf(capabilityChanges);
    actions = List.copyOf(actions);
    returnActions = List.copyOf(returnActions);
  }

  /**
   * @param inNamespace compare the id in the process' own pid namespace
   * @param followForks descendants match too
   */
  public record PidFilter(
      String path, boolean negated, boolean inNamespace, boolean followForks, Set<Integer> pids) {
    public PidFilter {
      pids = Nonempty.copy(pids);
    }
  }

  /**
   * @param values whole paths, or the ends of some
   * @param followChildren descendants of a process that matches match too
   */
  public record BinaryFilter(
      String path, boolean negated, Part part, List<String> values, boolean followChildren) {
    public BinaryFilter {
      values = Nonempty.copy(values);
    }

    /** What of a path is compared. */
    public enum Part {
      WHOLE,
      PREFIX,
      POSTFIX
    }
  }

  /**
   * @param argument position in the hook's arguments, none of which is a NOP
   */
  public record ArgumentFilter(String path, int argument, boolean negated, Matching matching) {}

  public record ReturnFilter(String path, boolean negated, Matching matching) {}

  /**
   * @param host whether that of the host is among them
   * @param inodes numbers of others
   */
  public record NamespaceFilter(
      String path, Namespace namespace, boolean negated, boolean host, Set<Long> inodes) {
    public NamespaceFilter {
      inodes = Set.copyOf(inodes);
      if (!host && inodes.isEmpty()) {
        throw new IllegalArgumentException(path + " names no namespace");
      }
    }
  }

  /**
   * @param namespaces which of the process' namespaces is another since it was executed
   */
  public record NamespaceChangeFilter(String path, boolean negated, Set<Namespace> namespaces) {
    public NamespaceChangeFilter {
      namespaces = Nonempty.copy(namespaces);
    }
  }

  /**
   * @param outsideHost only processes outside of the host's user namespace are looked at
   */
  public record CapabilityFilter(
      String path,
      CapabilitySet set,
      boolean negated,
      boolean outsideHost,
      Set<Capability> capabilities) {
    public CapabilityFilter {
      capabilities = Nonempty.copy(capabilities);
    }
  }

  public enum CapabilitySet {
    EFFECTIVE,
    INHERITABLE,
    PERMITTED
  }

  public enum Namespace {
    UTS("Uts"),
    IPC("Ipc"),
    MNT("Mnt"),
    PID("Pid"),
    PID_FOR_CHILDREN("PidForChildren"),
    NET("Net"),
    TIME("Time"),
    TIME_FOR_CHILDREN("TimeForChildren"),
    CGROUP("Cgroup"),
    USER("User");

    private final String word;

    Namespace(String word) {
      this.word = word;
    }

    /** The namespace of that name in a policy, in letters of any case. */
    public static Optional<Namespace> of(String word) {
      var folded = word.toLowerCase(Locale.ROOT);
      return Arrays.stream(values())
          .filter(namespace -> namespace.word.toLowerCase(Locale.ROOT).equals(folded))
          .findFirst();
    }

    /** As policies call them. */
    public static List<String> words() {
      return Arrays.stream(values()).map(namespace -> namespace.word).toList();
    }
  }
}
