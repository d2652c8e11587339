package dev.skep.policy;

import dev.skep.policy.ast.Action.RateLimit;
import dev.skep.policy.ast.Capability;
import dev.skep.policy.ast.Cidr;
import dev.skep.policy.ast.FileType;
import dev.skep.policy.ast.Matching.Range;
import dev.skep.policy.ast.Matching.Side;
import dev.skep.policy.ast.Operator;
import dev.skep.policy.ast.Selector.BinaryFilter.Part;
import dev.skep.policy.ast.Selector.CapabilitySet;
import dev.skep.policy.ast.Selector.Namespace;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One place in the kernel where a policy watches.
 *
 * @param index in the policy, over all hook lists; what counters are keyed by
 * @param path of the hook in the file, such as {@code spec.kprobes[0]}
 * @param call as written in the policy, such as {@code sys_write}: what counters and status show
 * @param returned what the return value is read as; null: nobody asks for it
 * @param selectors the first that matches decides. Without any, every call matches and is posted
 */
public record Hook(
    int index,
    String path,
    String call,
    Place place,
    List<Argument> arguments,
    @Nullable Argument returned,
    List<Selector> selectors,
    @Nullable String message,
    List<String> tags) {
  public Hook {
    arguments = List.copyOf(arguments);
    selectors = List.copyOf(selectors);
    tags = List.copyOf(tags);
  }

  public sealed interface Place {
    /**
     * A system call of the native table.
     *
     * @param name without prefix, such as {@code write}
     */
    record Syscall(String name) implements Place {}

    /**
     * A function of the kernel.
     *
     * @param symbol its name, such as {@code security_file_permission}
     * @param optional whether nodes whose kernel lacks it do without the hook
     */
    record Function(String symbol, boolean optional) implements Place {}

    /**
     * Several system calls of the native table.
     *
     * @param names without prefix
     * @param optional whether nodes do without those that they lack
     */
    record Syscalls(List<String> names, boolean optional) implements Place {
      public Syscalls {
        names = List.copyOf(names);
      }
    }

    /**
     * Several functions of the kernel.
     *
     * @param optional whether nodes do without those that their kernel lacks
     */
    record Functions(List<String> symbols, boolean optional) implements Place {
      public Functions {
        symbols = List.copyOf(symbols);
      }
    }

    /** A tracepoint; its arguments are what the kernel's code gives it. */
    record RawTracepoint(String subsystem, String event) implements Place {}

    /** A tracepoint; its arguments are fields of its record, counted from 0. */
    record Tracepoint(String subsystem, String event) implements Place {
      /** As counters and status call it. */
      public String call() {
        return subsystem + "/" + event;
      }
    }

    /**
     * A hook of the kernel's security modules.
     *
     * @param name without prefix, such as {@code file_open}
     */
    record LsmHook(String name) implements Place {}
  }

  /**
   * An argument to read and report.
   *
   * @param index which argument of the call, or field of the tracepoint, from 0
   * @param sizeIndex of a {@link ArgumentType#CHAR_BUF}: the argument, from 0, that holds its
   *     length
   */
  public record Argument(
      int index, ArgumentType type, OptionalInt sizeIndex, @Nullable String label) {
    private static final int LAST = 63;

    public Argument {
      if (index < 0 || index > LAST || sizeIndex.orElse(0) < 0 || sizeIndex.orElse(0) > LAST) {
        throw new IllegalArgumentException("there is no argument " + index);
      }
      if (sizeIndex.isPresent() != (type == ArgumentType.CHAR_BUF)) {
        throw new IllegalArgumentException(type + " with length in " + sizeIndex);
      }
    }
  }

  /** {@code NOP} is checked and then left out, so that it never gets here. */
  public enum ArgumentType {
    /** To be found out from what the node's kernel says. */
    AUTO,
    INT8,
    UINT8,
    INT16,
    UINT16,
    INT,
    UINT32,
    LONG,
    SIZE,
    FD,
    STRING,
    CHAR_BUF,
    FILE,
    PATH,
    DENTRY,
    LINUX_BINPRM,
    FILENAME,
    SOCK,
    SOCKET,
    SKB,
    SOCKADDR,
    SOCKADDR_UN,
    NET_DEVICE,
    DATA_LOC,
    CONST_BUF,
    SYSCALL64;

    /** Of a pointer to a structure of the kernel: its name there; else empty. */
    public String struct() {
      return switch (this) {
        case FILE, PATH, DENTRY, LINUX_BINPRM, FILENAME -> name().toLowerCase(Locale.ROOT);
        case SOCK, SOCKET, SOCKADDR, SOCKADDR_UN, NET_DEVICE -> name().toLowerCase(Locale.ROOT);
        case SKB -> "sk_buff";
        default -> "";
      };
    }

    /** Of a number: how wide it is; else 0. */
    public int bytes() {
      return switch (this) {
        case INT8, UINT8 -> Byte.BYTES;
        case INT16, UINT16 -> Short.BYTES;
        case INT, UINT32, FD -> Integer.BYTES;
        case LONG, SIZE, SYSCALL64 -> Long.BYTES;
        default -> 0;
      };
    }
  }

  /**
   * All filters must match for the action to be taken.
   *
   * @param action taken when the call begins
   * @param atReturn null: the call is of no more interest when it returns
   */
  public record Selector(
      @Nullable String label,
      List<ProcessFilter> process,
      List<ArgumentFilter> arguments,
      Action action,
      @Nullable AtReturn atReturn) {
    public Selector {
      process = List.copyOf(process);
      arguments = List.copyOf(arguments);
    }

    /** Of calls that are decided when they begin. */
    public Selector(
        @Nullable String label,
        List<ProcessFilter> process,
        List<ArgumentFilter> arguments,
        Action action) {
      this(label, process, arguments, action, null);
    }
  }

  /**
   * What a selector asks and does when the call returns.
   *
   * @param filters of the value that it returns
   * @param post whether the call is told, if the selector posts at all
   * @param signal sent to the calling process; 0 for none
   */
  public record AtReturn(List<ReturnFilter> filters, boolean post, int signal) {
    public AtReturn {
      filters = List.copyOf(filters);
    }
  }

  public record ReturnFilter(boolean negated, Matching matching) {}

  /**
   * @param post whether an event is sent
   * @param signal sent to the calling process; 0 for none
   * @param limit of what is sent; null: none
   * @param error returned instead of carrying the call out, such as -1 for EPERM; 0 for none
   */
  public record Action(boolean post, int signal, @Nullable RateLimit limit, int error) {
    public static final Action POST = new Action(true, 0);

    /** Without a limit, and letting the call go on. */
    public Action(boolean post, int signal) {
      this(post, signal, null, 0);
    }

    public Action {
      if (signal < 0 || signal > 64) {
        throw new IllegalArgumentException("there is no signal " + signal);
      }
    }

    public boolean enforces() {
      return signal != 0 || error != 0;
    }
  }

  /** What is asked of the calling process. */
  public sealed interface ProcessFilter {
    boolean negated();
  }

  /**
   * @param inNamespace compare the id in the process' own pid namespace
   * @param followForks descendants match too
   * @param pids at least one
   */
  public record PidFilter(
      boolean negated, boolean inNamespace, boolean followForks, Set<Integer> pids)
      implements ProcessFilter {
    public PidFilter {
      pids = nonEmpty(pids);
    }
  }

  /**
   * What it runs, or what its parent ran when it made it.
   *
   * @param parent whether the parent's
   * @param values at least one; whole paths and beginnings at most 255 bytes each, ends 128
   * @param followChildren descendants of a process that matches match too; not of the parent's
   */
  public record BinaryFilter(
      boolean negated, boolean parent, Part part, Set<String> values, boolean followChildren)
      implements ProcessFilter {
    public BinaryFilter {
      values = nonEmpty(values);
      if (parent && followChildren) {
        throw new IllegalArgumentException("descendants of what a parent ran");
      }
    }
  }

  /**
   * The namespace that it is in now.
   *
   * @param host whether that of the host is among them
   * @param inodes numbers of others, up to 32 bits
   */
  public record NamespaceFilter(
      boolean negated, Namespace namespace, boolean host, Set<Long> inodes)
      implements ProcessFilter {
    public NamespaceFilter {
      inodes = Set.copyOf(inodes);
      if (!host && inodes.isEmpty()) {
        throw new IllegalArgumentException("a filter without namespaces");
      }
    }
  }

  /** Any of {@code namespaces} is another one since its program, or it itself, began. */
  public record NamespaceChangeFilter(boolean negated, Set<Namespace> namespaces)
      implements ProcessFilter {
    public NamespaceChangeFilter {
      namespaces = nonEmpty(namespaces);
    }
  }

  /**
   * It has any of {@code capabilities} now.
   *
   * @param outsideHost processes of the host's user namespace never match, negated or not
   */
  public record CapabilityFilter(
      boolean negated, CapabilitySet set, boolean outsideHost, Set<Capability> capabilities)
      implements ProcessFilter {
    public CapabilityFilter {
      capabilities = nonEmpty(capabilities);
    }
  }

  /**
   * It gained or lost any of {@code capabilities} since its program, or it itself, began.
   *
   * @param outsideHost as of a {@link CapabilityFilter}
   */
  public record CapabilityChangeFilter(
      boolean negated, CapabilitySet set, boolean outsideHost, Set<Capability> capabilities)
      implements ProcessFilter {
    public CapabilityChangeFilter {
      capabilities = nonEmpty(capabilities);
    }
  }

  /**
   * @param argument position in {@link Hook#arguments}
   */
  public record ArgumentFilter(int argument, boolean negated, Matching matching) {}

  /** What a filter asks of its argument. Numbers compare as the argument's own width and sign. */
  public sealed interface Matching {
    /** Of an argument whose type is AUTO: {@link LateTyping} says what it means. */
    record Untyped(Operator operator, List<String> values) implements Matching {
      public Untyped {
        values = List.copyOf(values);
      }
    }

    record OneOf(Set<Long> numbers) implements Matching {
      public OneOf {
        numbers = nonEmpty(numbers);
      }
    }

    /** Within one of {@code ranges}, bounds included. */
    record InRange(Set<Range> ranges) implements Matching {
      public InRange {
        ranges = nonEmpty(ranges);
      }
    }

    record GreaterThan(long bound) implements Matching {}

    record LessThan(long bound) implements Matching {}

    /** Any bit of {@code bits} is set. */
    record AnyBit(long bits) implements Matching {
      public AnyBit {
        if (bits == 0) {
          throw new IllegalArgumentException("a mask without bits matches nothing");
        }
      }
    }

    /** At most 4095 bytes each. */
    record TextOneOf(Set<String> texts) implements Matching {
      public TextOneOf {
        texts = nonEmpty(texts);
      }
    }

    /** At most 256 bytes each, the kernel's limit of a prefix trie. */
    record TextPrefix(Set<String> texts) implements Matching {
      public TextPrefix {
        texts = nonEmpty(texts);
      }
    }

    /** At most 128 bytes each. */
    record TextPostfix(Set<String> texts) implements Matching {
      public TextPostfix {
        texts = nonEmpty(texts);
      }
    }

    record FileTypeOneOf(Set<FileType> types) implements Matching {
      public FileTypeOneOf {
        types = nonEmpty(types);
      }
    }

    /** A number of a socket, a packet or an address within one of {@code ranges}. */
    record PropertyInRange(Property property, Set<Range> ranges) implements Matching {
      public PropertyInRange {
        ranges = nonEmpty(ranges);
      }
    }

    /** An address of it in one of {@code networks}. */
    record InNetworks(Side side, Set<Cidr> networks) implements Matching {
      public InNetworks {
        networks = nonEmpty(networks);
      }
    }
  }

  /** What numbers a socket, a packet or an address has. */
  public enum Property {
    FAMILY,
    PROTOCOL,
    STATE,
    SOURCE_PORT,
    DESTINATION_PORT
  }

  private static <T> Set<T> nonEmpty(Set<T> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("a filter without values");
    }
    return Set.copyOf(values);
  }
}
