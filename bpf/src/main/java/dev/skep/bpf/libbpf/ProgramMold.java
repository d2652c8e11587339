package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.function.Supplier;

/**
 * One program of an object, ready to be loaded many times, each with constants of its own. What
 * libbpf does to an object, above all reading the types of the running kernel, takes as long as the
 * verifier does (20 ms of CPU each on 6.18), and is here done once. Any thread.
 */
@SuppressWarnings("restricted") // native code is what this package is for
public final class ProgramMold implements AutoCloseable {
  private static final NativeFunction INSTRUCTIONS =
      NativeFunction.libbpf("bpf_program__insns", Returns.POINTER);
  private static final NativeFunction INSTRUCTION_COUNT =
      NativeFunction.libbpf("bpf_program__insn_cnt", Returns.ANYTHING);
  private static final NativeFunction TYPE =
      NativeFunction.libbpf("bpf_program__type", Returns.ANYTHING);
  private static final NativeFunction PROGRAM_LOAD =
      NativeFunction.libbpf("bpf_prog_load", Returns.STATUS);
  private static final NativeFunction FREEZE =
      NativeFunction.libbpf("bpf_map_freeze", Returns.STATUS);

  private static final long INSTRUCTION_BYTES = 8;
  private static final int LOAD_64 = 0x18; // BPF_LD | BPF_IMM | BPF_DW: two instructions
  private static final long SOURCE = 1; // after the code: registers, the source in the upper half
  private static final int SOURCE_SHIFT = 4;
  private static final long IMMEDIATE = 4;
  private static final int MAP_DESCRIPTOR = 1; // BPF_PSEUDO_MAP_FD
  private static final int MAP_VALUE = 2; // BPF_PSEUDO_MAP_VALUE

  private static final int READ_ONLY = 1 << 7; // BPF_F_RDONLY_PROG
  private static final int NAME_BYTES_MAX = 15;
  private static final int LOG_BYTES = 4 << 20;
  private static final String LICENSE = "Dual BSD/GPL";

  private final Arena arena;
  private final String program;
  private final String constantsName;
  private final int type;
  private final MemorySegment instructions; // relocated; -1 where they point into the constants
  private final LoadOptions options;
  private final MemorySegment initial;

  private ProgramMold(
      Arena arena,
      String program,
      String constantsName,
      int type,
      MemorySegment instructions,
      LoadOptions options,
      MemorySegment initial) {
    this.arena = arena;
    this.program = program;
    this.constantsName = constantsName;
    this.type = type;
    this.instructions = instructions;
    this.options = options;
    this.initial = initial;
  }

  /** Loads an object with the maps that are shared. */
  public interface Loader {
    void load(BpfObject object) throws BpfException;
  }

  /**
   * Loads the program once, as the object has it.
   *
   * @param maps by name, after that those that the object was loaded with; they stay open as long
   *     as this
   */
  public static ProgramMold of(
      byte[] elf,
      String objectName,
      String program,
      Loader loader,
      Supplier<Map<String, KernelMap>> maps)
      throws BpfException {
    var arena = Arena.ofShared();
    try (var captured = LoadCapture.of(elf, objectName, program, arena);
        var object = BpfObject.open(elf, objectName)) {
      object.leaveOutAllBut(program);
      loader.load(object);
      var constants = object.constants();
      var initial = copy(arena, constants.initialValue());
      var loaded = object.program(program);
      var at =
          MemorySegment.ofAddress(INSTRUCTIONS.call(loaded.address()))
              .reinterpret(INSTRUCTION_COUNT.call(loaded.address()) * INSTRUCTION_BYTES);
      var instructions = copy(arena, at);
      int own = constants.descriptor();
      for (long i = 0; i < instructions.byteSize(); i += INSTRUCTION_BYTES) {
        int source = mapOf(instructions, i);
        if (source != 0) {
          int descriptor = instructions.get(JAVA_INT, i + IMMEDIATE);
          instructions.set(
              JAVA_INT,
              i + IMMEDIATE,
              source == MAP_VALUE
                  ? constantsOf(descriptor, own)
                  : known(object, descriptor, maps.get()));
          i += INSTRUCTION_BYTES; // its second half
        }
      }
      return new ProgramMold(
          arena,
          program,
          objectName + ".rodata",
          (int) TYPE.call(loaded.address()),
          instructions,
          captured.take(),
          initial);
    } catch (BpfException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** BPF_PSEUDO_* of an instruction that names a map; 0 of all others. */
  private static int mapOf(MemorySegment instructions, long at) {
    if (instructions.get(JAVA_BYTE, at) != LOAD_64) {
      return 0;
    }
    int source = Byte.toUnsignedInt(instructions.get(JAVA_BYTE, at + SOURCE)) >> SOURCE_SHIFT;
    return source == MAP_DESCRIPTOR || source == MAP_VALUE ? source : 0;
  }

  /** What stands for the constants until there are some. */
  private static int constantsOf(int descriptor, int own) {
    if (descriptor != own) {
      throw new AssertionError("a program with variables beside its constants");
    }
    return -1;
  }

  private static int known(BpfObject object, int descriptor, Map<String, KernelMap> maps)
      throws BpfException {
    for (var map : object.maps()) {
      var known = maps.get(map.name());
      if (map.descriptor() == descriptor && known != null) {
        return known.fd();
      }
    }
    throw new BpfException("mold", 0, "a program asks for a map that is nobody's");
  }

  /** The constants as the object has them, to be changed and given to {@link #load}. */
  public MemorySegment constants(Arena into) {
    return copy(into, initial);
  }

  /**
   * Has the program verified with these constants; the kernel forgets it when the descriptor is
   * closed, unless a map or a link has it then.
   *
   * @return a descriptor, the caller's to close
   * @throws BpfException with the end of the verifier's log
   */
  public int load(MemorySegment constants) throws BpfException {
    var name = constantsName.substring(0, Math.min(NAME_BYTES_MAX, constantsName.length()));
    try (var its = Arena.ofConfined();
        var map =
            KernelMap.create(
                KernelMap.Type.ARRAY,
                name,
                Integer.BYTES,
                (int) constants.byteSize(),
                1,
                READ_ONLY)) {
      map.put(0, constants);
      // So that the verifier knows the values, and that they stay.
      FREEZE.orThrow(FREEZE.call(map.fd()), name);
      var code = copy(its, instructions);
      for (long i = 0; i < code.byteSize(); i += INSTRUCTION_BYTES) {
        int source = mapOf(code, i);
        if (source == MAP_VALUE) {
          code.set(JAVA_INT, i + IMMEDIATE, map.fd());
        }
        i += source == 0 ? 0 : INSTRUCTION_BYTES;
      }
      long result = load(code, options.plain());
      if (result < 0) {
        var log = its.allocate(LOG_BYTES);
        load(code, options.withLog(log, its));
        throw new BpfException(
            "bpf_prog_load", (int) -result, program + ":\n" + VerifierLog.shorten(text(log)));
      }
      return (int) result;
    }
  }

  private long load(MemorySegment code, MemorySegment withOptions) {
    try (var its = Arena.ofConfined()) {
      return PROGRAM_LOAD.call(
          type,
          its.allocateFrom(program).address(),
          its.allocateFrom(LICENSE).address(),
          code.address(),
          code.byteSize() / INSTRUCTION_BYTES,
          withOptions.address());
    }
  }

  private static String text(MemorySegment log) {
    return log.get(JAVA_BYTE, 0) == 0 ? "" : log.getString(0);
  }

  private static MemorySegment copy(Arena arena, MemorySegment of) {
    return arena.allocate(of.byteSize(), JAVA_LONG.byteSize()).copyFrom(of);
  }

  @Override
  public void close() {
    options.close();
    arena.close();
  }
}
