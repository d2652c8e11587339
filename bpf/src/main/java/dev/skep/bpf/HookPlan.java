package dev.skep.bpf;

import java.util.List;
import java.util.Set;

/**
 * One hook of a policy: on which system calls it sits, what it reads, when it matches and what it
 * then does. The first selector that matches decides; without selectors every call matches and is
 * posted.
 *
 * @param index of the hook in its policy
 * @param syscalls numbers of this machine's native system call table
 * @param wantsReturn whether the return value is reported too
 * @param arguments in the order of the policy, at most 6
 * @param selectors at most 5
 */
public record HookPlan(
    int index,
    Set<Integer> syscalls,
    boolean wantsReturn,
    List<ArgumentPlan> arguments,
    List<SelectorPlan> selectors) {
  public HookPlan {
    syscalls = Set.copyOf(syscalls);
    arguments = List.copyOf(arguments);
    selectors = List.copyOf(selectors);
  }

  /**
   * One argument to read.
   *
   * @param index which argument of the system call, 0 to 5
   * @param sizeIndex of a {@link ArgumentKind#CHAR_BUF}: the argument that holds its length, 0 to
   *     5; otherwise 0
   */
  public record ArgumentPlan(ArgumentKind kind, int index, int sizeIndex) {}

  /** How the kernel reads an argument; {@code code} is {@code enum argument_kind} of shared.h. */
  public enum ArgumentKind {
    INT(1),
    UINT32(2),
    SIZE(3),
    FD(4),
    STRING(5),
    CHAR_BUF(6),
    LONG(7);

    private final int code;

    ArgumentKind(int code) {
      this.code = code;
    }

    public int code() {
      return code;
    }
  }

  /**
   * All filters must match for the action to be taken.
   *
   * @param pids at most 2
   * @param binaries at most 2
   * @param filters at most 5
   * @param post whether an event is sent
   * @param signal sent to the calling process; 0 for none
   */
  public record SelectorPlan(
      List<PidFilter> pids,
      List<BinaryFilter> binaries,
      List<ArgumentFilter> filters,
      boolean post,
      int signal) {
    public SelectorPlan {
      pids = List.copyOf(pids);
      binaries = List.copyOf(binaries);
      filters = List.copyOf(filters);
    }
  }

  /**
   * The calling process' id.
   *
   * @param inNamespace compare the id in the innermost pid namespace, not the initial one
   * @param followForks match descendants of a matching process too, those that come later included
   * @param pids 1 to 4, unless followForks
   */
  public record PidFilter(
      boolean negated, boolean inNamespace, boolean followForks, Set<Integer> pids) {
    public PidFilter {
      pids = Set.copyOf(pids);
    }
  }

  /**
   * The resolved path of the calling process' executable.
   *
   * @param paths absolute, each at most 255 bytes of UTF-8
   */
  public record BinaryFilter(boolean negated, Set<String> paths) {
    public BinaryFilter {
      paths = Set.copyOf(paths);
    }
  }

  /**
   * @param argument position in {@link HookPlan#arguments}
   */
  public record ArgumentFilter(int argument, boolean negated, Matching matching) {}

  /** What a filter asks of its argument. Numbers compare as the argument's own width and sign. */
  public sealed interface Matching {
    record OneOf(Set<Long> numbers) implements Matching {
      public OneOf {
        numbers = Set.copyOf(numbers);
      }
    }

    record GreaterThan(long bound) implements Matching {}

    record LessThan(long bound) implements Matching {}

    /** Any bit of {@code bits} is set. */
    record AnyBit(long bits) implements Matching {}

    /** Exactly one of {@code texts}; each at most 4095 bytes of UTF-8. */
    record TextOneOf(Set<String> texts) implements Matching {
      public TextOneOf {
        texts = Set.copyOf(texts);
      }
    }

    /** Begins with one of {@code texts}; each at most 256 bytes of UTF-8. */
    record TextPrefix(Set<String> texts) implements Matching {
      public TextPrefix {
        texts = Set.copyOf(texts);
      }
    }

    /** Ends with one of {@code texts}; each at most 128 bytes of UTF-8. */
    record TextPostfix(Set<String> texts) implements Matching {
      public TextPostfix {
        texts = Set.copyOf(texts);
      }
    }
  }
}
