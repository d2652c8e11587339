package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;

/** A program of an object. Borrowed from its object: valid until that is closed. */
public final class BpfProgram {
  private static final NativeFunction FD = NativeFunction.libbpf("bpf_program__fd", Returns.STATUS);
  private static final NativeFunction SET_AUTOLOAD =
      NativeFunction.libbpf("bpf_program__set_autoload", Returns.STATUS);
  private static final NativeFunction SET_TARGET =
      NativeFunction.libbpf("bpf_program__set_attach_target", Returns.STATUS);
  private static final NativeFunction ATTACH =
      NativeFunction.libbpf("bpf_program__attach", Returns.POINTER);
  private static final NativeFunction ATTACH_KPROBE =
      NativeFunction.libbpf("bpf_program__attach_kprobe_opts", Returns.POINTER);
  private static final NativeFunction ATTACH_TRACEPOINT =
      NativeFunction.libbpf("bpf_program__attach_tracepoint_opts", Returns.POINTER);
  private static final NativeFunction ATTACH_RAW_TRACEPOINT =
      NativeFunction.libbpf("bpf_program__attach_raw_tracepoint", Returns.POINTER);
  private static final NativeFunction ATTACH_ITERATOR =
      NativeFunction.libbpf("bpf_program__attach_iter", Returns.POINTER);
  private static final NativeFunction GET_FD_BY_ID =
      NativeFunction.libbpf("bpf_prog_get_fd_by_id", Returns.STATUS);

  // struct bpf_kprobe_opts: sz, bpf_cookie, offset, retprobe.
  private static final long KPROBE_BYTES = 32;
  private static final long KPROBE_COOKIE = 8;
  private static final long KPROBE_RETURN = 24;

  // struct bpf_tracepoint_opts: sz, bpf_cookie.
  private static final long TRACEPOINT_BYTES = 16;

  // struct bpf_prog_info up to `name`, its end.
  private static final int INFO_BYTES = 80;
  private static final long INFO_ID = 4;
  private static final long INFO_MACHINE_CODE = 16; // jited_prog_len
  private static final long INFO_MAP_COUNT = 52;
  private static final long INFO_MAP_IDS = 56;
  private static final int INFO_BYTES_LONG = 216;
  private static final long INFO_RECURSION_MISSES = 208;
  private static final int MAPS_MAX = 64; // the verifier's limit

  private final long program;
  private final String name;

  BpfProgram(long program, String name) {
    this.program = program;
    this.name = name;
  }

  public String name() {
    return name;
  }

  long address() {
    return program;
  }

  /** After load. The object closes it. */
  public int fd() throws BpfException {
    return (int) FD.orThrow(FD.call(program), name);
  }

  /** Before load: the object will do without this program, and save the verifier's time. */
  public void leaveOut() throws BpfException {
    SET_AUTOLOAD.orThrow(SET_AUTOLOAD.call(program, 0), name);
  }

  /** Before load: the function of the kernel, or LSM hook, in place of what the section says. */
  public void setTarget(String target) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      SET_TARGET.orThrow(
          SET_TARGET.call(program, 0, arena.allocateFrom(target).address()),
          name + " to " + target);
    }
  }

  /** Attaches where the program's section says; it acts at once. */
  public BpfLink attach() throws BpfException {
    return link(ATTACH, ATTACH.call(program));
  }

  /**
   * Attaches to a function of the kernel, beside other functions that it is attached to; Linux
   * 5.15.
   *
   * @param atReturn whether it runs when the function returns; else when it is called
   * @param cookie what the program sees by bpf_get_attach_cookie
   */
  public BpfLink attachKprobe(String function, boolean atReturn, long cookie) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var options = arena.allocate(KPROBE_BYTES, Long.BYTES);
      options.set(JAVA_LONG, 0, KPROBE_BYTES);
      options.set(JAVA_LONG, KPROBE_COOKIE, cookie);
      options.set(JAVA_BYTE, KPROBE_RETURN, (byte) (atReturn ? 1 : 0));
      return link(
          ATTACH_KPROBE,
          ATTACH_KPROBE.call(program, arena.allocateFrom(function).address(), options.address()));
    }
  }

  /**
   * Attaches to a tracepoint of tracefs, which has to be mounted, beside others that it is attached
   * to; Linux 5.15.
   *
   * @param cookie what the program sees by bpf_get_attach_cookie
   */
  public BpfLink attachTracepoint(String subsystem, String event, long cookie) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var options = arena.allocate(TRACEPOINT_BYTES, Long.BYTES);
      options.set(JAVA_LONG, 0, TRACEPOINT_BYTES);
      options.set(JAVA_LONG, Long.BYTES, cookie);
      return link(
          ATTACH_TRACEPOINT,
          ATTACH_TRACEPOINT.call(
              program,
              arena.allocateFrom(subsystem).address(),
              arena.allocateFrom(event).address(),
              options.address()));
    }
  }

  /** Attaches to a tracepoint, as which it gets what the kernel's code gives that. */
  public BpfLink attachRawTracepoint(String event) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      return link(
          ATTACH_RAW_TRACEPOINT,
          ATTACH_RAW_TRACEPOINT.call(program, arena.allocateFrom(event).address()));
    }
  }

  /** For a program of section {@code iter/...}: it runs when the link's iterator is read. */
  public BpfLink attachIterator() throws BpfException {
    return link(ATTACH_ITERATOR, ATTACH_ITERATOR.call(program, 0));
  }

  private BpfLink link(NativeFunction function, long result) throws BpfException {
    var warnings = LibbpfLog.takeWarnings();
    return new BpfLink(
        function.orThrow(result, warnings.isEmpty() ? name : name + ": " + warnings), name);
  }

  /** The kernel's id of the program behind a descriptor. */
  public static int id(int fd) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      return KernelInfo.read(fd, INFO_BYTES, arena).get(JAVA_INT, INFO_ID);
    }
  }

  /**
   * How often the kernel skipped the program behind a descriptor, for it was running on that CPU
   * already; 0 from a kernel that does not say (before 5.12).
   */
  public static long recursionMisses(int fd) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      return KernelInfo.read(fd, INFO_BYTES_LONG, arena).get(JAVA_LONG, INFO_RECURSION_MISSES);
    }
  }

  /**
   * Bytes of kernel memory that the program with this id takes: as it was verified and as it runs.
   */
  public static long memory(int programId) throws BpfException {
    int fd = (int) GET_FD_BY_ID.orThrow(GET_FD_BY_ID.call(programId), "program " + programId);
    try (var arena = Arena.ofConfined()) {
      int machineCode = KernelInfo.read(fd, INFO_BYTES, arena).get(JAVA_INT, INFO_MACHINE_CODE);
      return KernelInfo.memory(fd) + machineCode;
    } finally {
      Libc.close(fd);
    }
  }

  /**
   * The ids of the maps that the program with this id uses, its constants among them; only with
   * CAP_SYS_ADMIN.
   */
  public static int[] mapIds(int programId) throws BpfException {
    int fd = (int) GET_FD_BY_ID.orThrow(GET_FD_BY_ID.call(programId), "program " + programId);
    try (var arena = Arena.ofConfined()) {
      var ids = arena.allocate(JAVA_INT, MAPS_MAX);
      var info = arena.allocate(INFO_BYTES, Long.BYTES);
      info.set(JAVA_INT, INFO_MAP_COUNT, MAPS_MAX);
      info.set(JAVA_LONG, INFO_MAP_IDS, ids.address());
      KernelInfo.fill(fd, info, arena);
      int count = Math.min(info.get(JAVA_INT, INFO_MAP_COUNT), MAPS_MAX);
      return ids.asSlice(0, (long) count * Integer.BYTES).toArray(JAVA_INT);
    } finally {
      Libc.close(fd);
    }
  }
}
