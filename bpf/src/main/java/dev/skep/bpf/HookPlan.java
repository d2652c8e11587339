package dev.skep.bpf;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One hook of a policy: where it sits, what it reads, when it matches and what it then does. The
 * first selector that matches decides; without selectors every call matches and is posted.
 *
 * @param index of the hook in its policy
 * @param wantsReturn whether the return value is reported too
 * @param arguments in the order of the policy, at most 8
 * @param selectors at most 16, and at most 256 filters in all of them
 */
public record HookPlan(
    int index,
    Place place,
    boolean wantsReturn,
    List<ArgumentPlan> arguments,
    List<SelectorPlan> selectors) {
  public HookPlan {
    arguments = List.copyOf(arguments);
    selectors = List.copyOf(selectors);
  }

  /** Whether some call may not be carried out. */
  public boolean overrides() {
    return selectors.stream().anyMatch(selector -> selector.error() != 0);
  }

  /** Whether some call is decided when it returns. */
  public boolean decidesAtReturn() {
    return selectors.stream().anyMatch(selector -> selector.atReturn() != null);
  }

  /** A hook on system calls. */
  public HookPlan(
      int index,
      Set<Integer> syscalls,
      boolean wantsReturn,
      List<ArgumentPlan> arguments,
      List<SelectorPlan> selectors) {
    this(index, new Place.Syscalls(syscalls), wantsReturn, arguments, selectors);
  }

  /** Where a hook sits. */
  public sealed interface Place {
    /**
     * At the entry of system calls.
     *
     * @param numbers of this machine's native table, at least one
     * @param functions of the kernel that carry them out, by number; those of hooks that override
     *     are needed
     */
    record Syscalls(Set<Integer> numbers, Map<Integer, String> functions) implements Place {
      public Syscalls {
        numbers = Set.copyOf(numbers);
        functions = Map.copyOf(functions);
      }

      /** Of hooks that let all calls go on. */
      public Syscalls(Set<Integer> numbers) {
        this(numbers, Map.of());
      }
    }

    /**
     * At the entry of a function of the kernel.
     *
     * @param name as /proc/kallsyms has it, at most 127 bytes
     */
    record Function(String name) implements Place {}

    /**
     * At a hook of the kernel's security modules.
     *
     * @param name such as {@code file_open}, at most 119 bytes
     */
    record LsmHook(String name) implements Place {}

    /**
     * At the entry of several functions of the kernel.
     *
     * @param names at least one
     */
    record Functions(Set<String> names) implements Place {
      public Functions {
        names = Set.copyOf(names);
      }
    }

    /** A tracepoint; its arguments are what the kernel's code gives it. */
    record RawTracepoint(String event) implements Place {}

    /** A tracepoint of tracefs; its arguments are fields of the record that it makes. */
    record Tracepoint(String subsystem, String event) implements Place {
      /** At most 127 bytes; no function is called so. */
      public String name() {
        return subsystem + ":" + event;
      }
    }
  }

  /**
   * One argument to read.
   *
   * @param index which argument of the call, 0 to 5; of a tracepoint its position in the list
   * @param sizeIndex of a {@link ArgumentKind#CHAR_BUF} of a call: the argument that holds its
   *     length, 0 to 5; of an address of a socket, too, but 0 if there is none; otherwise 0
   * @param field of a tracepoint; null: of a call
   */
  public record ArgumentPlan(ArgumentKind kind, int index, int sizeIndex, @Nullable Field field) {
    /** Of a call. */
    public ArgumentPlan(ArgumentKind kind, int index, int sizeIndex) {
      this(kind, index, sizeIndex, null);
    }

    /** Of a tracepoint. */
    public ArgumentPlan(ArgumentKind kind, int position, Field field) {
      this(kind, position, 0, field);
    }
  }

  /**
   * Where in a tracepoint's record something is, in bytes.
   *
   * @param bytes of its value, up to 8; 0: the field is a text or a buffer by itself
   * @param length of such a text or buffer; of a {@link ArgumentKind#CHAR_BUF}, which the value
   *     points to, where the field is that holds its length
   * @param lengthBytes of that field, up to 8; otherwise 0
   */
  public record Field(int offset, int bytes, int length, int lengthBytes) {
    public Field(int offset, int bytes) {
      this(offset, bytes, 0, 0);
    }

    /** A text or a buffer of so many bytes. */
    public static Field within(int offset, int length) {
      return new Field(offset, 0, length, 0);
    }
  }

  /** How the kernel reads an argument; {@code code} is {@code enum argument_kind} of shared.h. */
  public enum ArgumentKind {
    INT(1, 32, true),
    UINT32(2, 32, false),
    SIZE(3, 64, false),
    FD(4, 32, true),
    STRING(5),
    CHAR_BUF(6),
    LONG(7, 64, true),
    FILE(8),
    PATH(9),
    DENTRY(10),
    BINPRM(11),
    FILENAME(12),
    INT8(13, 8, true),
    UINT8(14, 8, false),
    INT16(15, 16, true),
    UINT16(16, 16, false),
    /**
     * A system call's number as a tracepoint has it; of 32-bit programs with bit {@code
     * 0x80000000}.
     */
    SYSCALL64(17, 64, true),
    /** A text in a tracepoint's record. */
    DATA_LOC(18),
    /** A buffer in a tracepoint's record. */
    CONST_BUF(19),
    SOCK(32),
    SOCKET(33),
    SKB(34),
    SOCKADDR(35),
    SOCKADDR_UN(36),
    NET_DEVICE(37);

    private final int code;
    private final int bits;
    private final boolean signed;

    /** Of a number. */
    ArgumentKind(int code, int bits, boolean signed) {
      this.code = code;
      this.bits = bits;
      this.signed = signed;
    }

    /** Of something that is looked up at an address. */
    ArgumentKind(int code) {
      this(code, Long.SIZE, false);
    }

    public int code() {
      return code;
    }

    /** Whether numbers of this kind may be negative. */
    public boolean isSigned() {
      return signed;
    }

    /** What a register with these bits holds, of which a narrower number takes the lower ones. */
    public long of(long register) {
      int rest = Long.SIZE - bits;
      long upper = register << rest;
      return signed ? upper >> rest : upper >>> rest;
    }

    /** Whether its bytes are the path of a file. */
    public boolean isPath() {
      return switch (this) {
        case FD, FILE, PATH, DENTRY, BINPRM -> true;
        default -> false;
      };
    }

    /** Whether its bytes are what a {@link NetworkFacts} is read from. */
    public boolean isNetwork() {
      return switch (this) {
        case SOCK, SOCKET, SKB, SOCKADDR -> true;
        default -> false;
      };
    }
  }

  /**
   * All filters must match for the action to be taken.
   *
   * @param process what is asked of the calling process
   * @param post whether an event is sent
   * @param signal sent to the calling process; 0 for none
   * @param limit of what is sent; null: none
   * @param error that a function of the kernel returns instead of being carried out, such as -1 for
   *     EPERM, at most 4095 either way, of an LSM hook below 0; 0 for none
   * @param atReturn what is asked and done when the call returns; null: nothing. Of a hook that
   *     wants returns, and not beside a limit
   */
  public record SelectorPlan(
      List<ProcessFilter> process,
      List<ArgumentFilter> arguments,
      boolean post,
      int signal,
      @Nullable RateLimit limit,
      int error,
      @Nullable ReturnPlan atReturn) {
    public SelectorPlan {
      process = List.copyOf(process);
      arguments = List.copyOf(arguments);
      if (atReturn != null && limit != null) {
        throw new IllegalArgumentException("a limit of what only the return decides");
      }
    }

    /** Whose call is of no more interest when it returns. */
    public SelectorPlan(
        List<ProcessFilter> process,
        List<ArgumentFilter> arguments,
        boolean post,
        int signal,
        @Nullable RateLimit limit,
        int error) {
      this(process, arguments, post, signal, limit, error, null);
    }

    /** Without a limit, and letting the call go on. */
    public SelectorPlan(
        List<ProcessFilter> process, List<ArgumentFilter> arguments, boolean post, int signal) {
      this(process, arguments, post, signal, null, 0);
    }

    /** Of the filters that most policies have. */
    public SelectorPlan(
        List<PidFilter> pids,
        List<BinaryFilter> binaries,
        List<ArgumentFilter> arguments,
        boolean post,
        int signal) {
      this(
          Stream.<ProcessFilter>concat(pids.stream(), binaries.stream()).toList(),
          arguments,
          post,
          signal);
    }
  }

  /**
   * What a selector asks and does when the call returns. Of the selectors that hold until then the
   * first decides whose filters hold, too.
   *
   * @param kind as what the value is read: a number; the same in all selectors of a hook
   * @param post whether the call is told then, if the selector posts at all
   * @param signal sent then; 0 for none
   */
  public record ReturnPlan(
      ArgumentKind kind, List<ReturnFilter> filters, boolean post, int signal) {
    public ReturnPlan {
      filters = List.copyOf(filters);
    }
  }

  public record ReturnFilter(boolean negated, Matching matching) {}

  /**
   * Events of one selector with equal arguments are sent once in {@code seconds}.
   *
   * @param seconds 1 to 2^32 - 1
   * @param scope of whom events are equal
   */
  public record RateLimit(long seconds, LimitScope scope) {
    public RateLimit {
      if (seconds < 1 || seconds > 0xffff_ffffL) {
        throw new IllegalArgumentException("once in " + seconds + " seconds");
      }
    }
  }

  /** {@code enum limit_scope} of shared.h. */
  public enum LimitScope {
    THREAD(0),
    PROCESS(1),
    GLOBAL(2);

    private final int code;

    LimitScope(int code) {
      this.code = code;
    }

    public int code() {
      return code;
    }
  }

  /** What is asked of the calling process. */
  public sealed interface ProcessFilter {
    boolean negated();
  }

  /**
   * Its id.
   *
   * @param inNamespace compare the id in the innermost pid namespace, not the initial one
   * @param followForks match descendants of a matching process too, those that come later included
   */
  public record PidFilter(
      boolean negated, boolean inNamespace, boolean followForks, Set<Integer> pids)
      implements ProcessFilter {
    public PidFilter {
      pids = Set.copyOf(pids);
    }
  }

  /**
   * The resolved path of an executable.
   *
   * @param whose own, or the parent's
   * @param part what of the path is compared
   * @param values whole paths of at most 255 bytes of UTF-8, prefixes of as many or postfixes of
   *     128. Of a path that is longer only the first and the last 128 bytes are known
   * @param followChildren match descendants of a process that ran such, too; of its own alone
   */
  public record BinaryFilter(
      boolean negated, Owner whose, TextPart part, Set<String> values, boolean followChildren)
      implements ProcessFilter {
    public BinaryFilter {
      values = Set.copyOf(values);
      if (followChildren && whose != Owner.SELF) {
        throw new IllegalArgumentException("descendants of a parent's executable");
      }
    }

    /** One of these whole paths is its own. */
    public BinaryFilter(boolean negated, Set<String> paths) {
      this(negated, Owner.SELF, TextPart.WHOLE, paths, false);
    }
  }

  /** Whose executable. */
  public enum Owner {
    SELF,
    /** As it was when the parent made the process. */
    PARENT
  }

  /** What of a text is compared. */
  public enum TextPart {
    WHOLE,
    PREFIX,
    POSTFIX
  }

  /**
   * One of its namespaces, as it is now.
   *
   * @param inodes numbers, unsigned
   */
  public record NamespaceFilter(boolean negated, NamespaceKind namespace, Set<Integer> inodes)
      implements ProcessFilter {
    public NamespaceFilter {
      inodes = Set.copyOf(inodes);
    }
  }

  /**
   * Whether any of these namespaces is another one since its program, or it itself, began.
   *
   * @param namespaces at least one
   */
  public record NamespaceChangeFilter(boolean negated, Set<NamespaceKind> namespaces)
      implements ProcessFilter {
    public NamespaceChangeFilter {
      namespaces = Set.copyOf(namespaces);
    }
  }

  /**
   * Whether it has any of these capabilities now.
   *
   * @param capabilities a bit for each
   * @param hostUser inode number of the user namespace whose processes never match, negated or not;
   *     0: none
   */
  public record CapabilityFilter(
      boolean negated, CapabilitySet set, long capabilities, int hostUser)
      implements ProcessFilter {}

  /**
   * Whether it gained or lost any of these capabilities since its program, or it itself, began.
   *
   * @param capabilities a bit for each
   * @param hostUser as of a {@link CapabilityFilter}
   */
  public record CapabilityChangeFilter(
      boolean negated, CapabilitySet set, long capabilities, int hostUser)
      implements ProcessFilter {}

  /** {@code enum namespace_kind} of shared.h. */
  public enum NamespaceKind {
    UTS(0),
    IPC(1),
    MNT(2),
    PID(3),
    PID_FOR_CHILDREN(4),
    NET(5),
    TIME(6),
    TIME_FOR_CHILDREN(7),
    CGROUP(8),
    USER(9);

    private final int code;

    NamespaceKind(int code) {
      this.code = code;
    }

    public int code() {
      return code;
    }
  }

  /** {@code enum capability_set} of shared.h. */
  public enum CapabilitySet {
    EFFECTIVE(0),
    INHERITABLE(1),
    PERMITTED(2);

    private final int code;

    CapabilitySet(int code) {
      this.code = code;
    }

    public int code() {
      return code;
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

    /** Within one of {@code ranges}. */
    record InRange(Set<Range> ranges) implements Matching {
      public InRange {
        ranges = Set.copyOf(ranges);
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

    /**
     * Of a file or a path.
     *
     * @param modes the bits of S_IFMT of each type
     */
    record FileTypeOneOf(Set<Integer> modes) implements Matching {
      public FileTypeOneOf {
        modes = Set.copyOf(modes);
      }
    }

    /** Of a socket, a packet or an address. */
    record PropertyInRange(NetworkProperty property, Set<Range> ranges) implements Matching {
      public PropertyInRange {
        ranges = Set.copyOf(ranges);
      }
    }

    /** The same of its source or destination. Without addresses it holds neither so nor negated. */
    record InNetworks(boolean destination, Set<Network> networks) implements Matching {
      public InNetworks {
        networks = Set.copyOf(networks);
      }
    }
  }

  /** Those of ports hold neither so nor negated of what is not of IPv4 or IPv6. */
  public enum NetworkProperty {
    FAMILY,
    PROTOCOL,
    STATE,
    SOURCE_PORT,
    DESTINATION_PORT
  }

  /**
   * All addresses that begin alike. Those of IPv4 are the same as IPv6 maps them, and ::/0 has none
   * of them.
   *
   * @param high first half of an IPv6 address; 0 of an IPv4 one
   * @param low second half, or the IPv4 address
   * @param prefix how many bits are alike; bits beyond are 0
   */
  public record Network(boolean ipv6, long high, long low, int prefix) {
    private static final int MAPPED_BITS = 96;

    public Network {
      if (ipv6 && prefix >= MAPPED_BITS && new IpAddress(high, low).isIpv4()) {
        ipv6 = false;
        low &= 0xffff_ffffL;
        prefix -= MAPPED_BITS;
      }
    }
  }

  /** Both bounds included; an argument without sign has its bounds without, too. */
  public record Range(long low, long high) {}
}
