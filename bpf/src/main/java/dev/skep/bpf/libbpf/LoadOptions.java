package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** struct bpf_prog_load_opts as libbpf 1.1 has it; newer ones take it as it is. */
@SuppressWarnings("restricted") // native code is what this package is for
final class LoadOptions implements AutoCloseable {
  private static final long BYTES = 104;
  private static final long EXPECTED_ATTACH_TYPE = 12;
  private static final long TYPES_DESCRIPTOR = 16; // prog_btf_fd
  private static final long FLAGS = 20;
  private static final long ATTACH_TYPE_ID = 32; // attach_btf_id
  private static final long FUNCTIONS = 56; // func_info, its count and the size of each
  private static final long FUNCTION_COUNT = 64;
  private static final long FUNCTION_BYTES = 68;
  private static final long LOG_LEVEL = 88;
  private static final long LOG_SIZE = 92;
  private static final long LOG = 96;

  private final MemorySegment options;
  private final int types;

  private LoadOptions(MemorySegment options, int types) {
    this.options = options;
    this.types = types;
  }

  /**
   * What lasts of those that libbpf is about to load a program with. Not which line of the source
   * an instruction comes from: the kernel would keep that for each program.
   */
  static LoadOptions copy(MemorySegment of, Arena arena) throws BpfException {
    var source = of.reinterpret(BYTES);
    var options = arena.allocate(BYTES, Long.BYTES);
    int types = Libc.duplicate(source.get(JAVA_INT, TYPES_DESCRIPTOR));
    long functionBytes =
        Integer.toUnsignedLong(source.get(JAVA_INT, FUNCTION_COUNT))
            * source.get(JAVA_INT, FUNCTION_BYTES);
    var functions = arena.allocate(Math.max(functionBytes, 1), Long.BYTES);
    if (functionBytes > 0) {
      functions.copyFrom(
          MemorySegment.ofAddress(source.get(JAVA_LONG, FUNCTIONS)).reinterpret(functionBytes));
    }
    options.set(JAVA_LONG, 0, BYTES);
    options.set(JAVA_INT, EXPECTED_ATTACH_TYPE, source.get(JAVA_INT, EXPECTED_ATTACH_TYPE));
    options.set(JAVA_INT, TYPES_DESCRIPTOR, types);
    options.set(JAVA_INT, FLAGS, source.get(JAVA_INT, FLAGS));
    options.set(JAVA_INT, ATTACH_TYPE_ID, source.get(JAVA_INT, ATTACH_TYPE_ID));
    options.set(JAVA_LONG, FUNCTIONS, functions.address());
    options.set(JAVA_INT, FUNCTION_COUNT, source.get(JAVA_INT, FUNCTION_COUNT));
    options.set(JAVA_INT, FUNCTION_BYTES, source.get(JAVA_INT, FUNCTION_BYTES));
    return new LoadOptions(options, types);
  }

  /** 0 where the program attaches to nothing that has a type. */
  static void setAttachTypeId(MemorySegment options, int id) {
    options.reinterpret(BYTES).set(JAVA_INT, ATTACH_TYPE_ID, id);
  }

  MemorySegment plain() {
    return options;
  }

  /** For a program that was refused, to hear why. */
  MemorySegment withLog(MemorySegment log, Arena arena) {
    var logging = arena.allocate(BYTES, Long.BYTES).copyFrom(options);
    logging.set(JAVA_INT, LOG_LEVEL, 1);
    logging.set(JAVA_INT, LOG_SIZE, (int) log.byteSize());
    logging.set(JAVA_LONG, LOG, log.address());
    return logging;
  }

  @Override
  public void close() {
    Libc.close(types);
  }
}
