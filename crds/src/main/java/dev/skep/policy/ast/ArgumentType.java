package dev.skep.policy.ast;

import static dev.skep.policy.ast.Operator.*;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What an argument is read as. */
@SuppressWarnings("ImmutableEnumChecker") // made by List.of and the like, and never changed
public enum ArgumentType {
  /** To be found out from what the kernel says of the function or tracepoint. */
  AUTO(Operators.ALL, "auto"),
  INT8(Operators.NUMBERS, "int8", "sint8"),
  UINT8(Operators.NUMBERS, "uint8"),
  INT16(Operators.NUMBERS, "int16", "sint16"),
  UINT16(Operators.NUMBERS, "uint16"),
  INT32(Operators.NUMBERS, "int", "int32", "sint32"),
  UINT32(Operators.NUMBERS, "uint32"),
  INT64(Operators.NUMBERS, "long", "int64", "sint64"),
  UINT64(Operators.NUMBERS, "size_t", "uint64", "ulong"),
  SYSCALL64(Operators.NUMBERS, "syscall64"),
  BPF_CMD(Operators.NUMBERS, "bpf_cmd"),
  STRING(Operators.TEXTS, "string"),
  CHAR_BUF(Operators.TEXTS, "char_buf"),
  CHAR_IOVEC(Operators.TEXTS, "char_iovec"),
  DATA_LOC(Operators.TEXTS, "data_loc"),
  FD(Operators.TEXTS, "fd"),
  FILENAME(Operators.TEXTS, "filename"),
  DENTRY(Operators.TEXTS, "dentry"),
  LINUX_BINPRM(Operators.TEXTS, "linux_binprm"),
  KIOCB(Operators.TEXTS, "kiocb"),
  NET_DEVICE(Operators.TEXTS, "net_device"),
  FILE(Operators.FILES, "file"),
  PATH(Operators.FILES, "path"),
  SOCK(Operators.SOCKETS, "sock"),
  SOCKET(Operators.SOCKETS, "socket"),
  SKB(Operators.PACKETS, "skb"),
  SOCKADDR(Operators.SOURCES, "sockaddr"),
  SOCKADDR_UN(Operators.UNIX_ADDRESSES, "sockaddr_un"),
  KERNEL_CAP_T(Operators.CAPABILITIES, "kernel_cap_t"),
  CAP_INHERITABLE(Operators.CAPABILITIES, "cap_inheritable"),
  CAP_PERMITTED(Operators.CAPABILITIES, "cap_permitted"),
  CAP_EFFECTIVE(Operators.CAPABILITIES, "cap_effective"),
  CONST_BUF(Operators.NONE, "const_buf"),
  IOV_ITER(Operators.NONE, "iov_iter"),
  CRED(Operators.NONE, "cred"),
  USER_NAMESPACE(Operators.NONE, "user_namespace"),
  CAPABILITY(Operators.NONE, "capability"),
  MODULE(Operators.NONE, "module"),
  LOAD_INFO(Operators.NONE, "load_info"),
  BPF_ATTR(Operators.NONE, "bpf_attr"),
  BPF_MAP(Operators.NONE, "bpf_map"),
  BPF_PROG(Operators.NONE, "bpf_prog"),
  PERF_EVENT(Operators.NONE, "perf_event"),
  /** To be left alone. */
  NOP(Operators.NONE, "nop");

  private final Set<Operator> operators;
  private final List<String> words;

  ArgumentType(Set<Operator> operators, String... words) {
    this.operators = operators;
    this.words = List.of(words);
  }

  /** The type of that name in a policy. */
  public static Optional<ArgumentType> of(String word) {
    return Arrays.stream(values()).filter(type -> type.words.contains(word)).findFirst();
  }

  /** As policies call it; the usual word first. */
  public List<String> words() {
    return words;
  }

  /** What filters may ask of it. */
  public Set<Operator> operators() {
    return operators;
  }

  public boolean isNumber() {
    return operators.equals(Operators.NUMBERS);
  }

  public boolean isCapabilities() {
    return operators.equals(Operators.CAPABILITIES);
  }

  /** Whether it may need another argument, or the return value, for its length. */
  public boolean hasLength() {
    return this == CHAR_BUF || this == CHAR_IOVEC;
  }

  private static final class Operators {
    static final Set<Operator> NONE = Set.of();
    static final Set<Operator> ALL = EnumSet.allOf(Operator.class);
    static final Set<Operator> NUMBERS =
        EnumSet.of(
            EQUAL,
            NOT_EQUAL,
            GREATER_THAN,
            LESS_THAN,
            MASK,
            IN_MAP,
            NOT_IN_MAP,
            IN_RANGE,
            NOT_IN_RANGE,
            CEL_EXPR);
    static final Set<Operator> TEXTS =
        EnumSet.of(
            EQUAL,
            NOT_EQUAL,
            PREFIX,
            NOT_PREFIX,
            POSTFIX,
            NOT_POSTFIX,
            SUB_STRING,
            SUB_STRING_IGN_CASE);
    static final Set<Operator> FILES = and(TEXTS, FILE_TYPE, NOT_FILE_TYPE);
    static final Set<Operator> UNIX_ADDRESSES =
        EnumSet.of(EQUAL, NOT_EQUAL, PREFIX, NOT_PREFIX, FAMILY);
    static final Set<Operator> SOURCES =
        EnumSet.of(SADDR, NOT_SADDR, SPORT, NOT_SPORT, SPORT_PRIV, NOT_SPORT_PRIV, FAMILY);
    static final Set<Operator> PACKETS =
        and(SOURCES, DADDR, NOT_DADDR, DPORT, NOT_DPORT, DPORT_PRIV, NOT_DPORT_PRIV, PROTOCOL);
    static final Set<Operator> SOCKETS = and(PACKETS, STATE);
    static final Set<Operator> CAPABILITIES =
        EnumSet.of(EQUAL, NOT_EQUAL, MASK, CAPABILITIES_GAINED);

    private static Set<Operator> and(Set<Operator> some, Operator... others) {
      var all = EnumSet.copyOf(some);
      all.addAll(List.of(others));
      return all;
    }
  }
}
