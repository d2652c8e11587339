package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * A BPF object file, opened by libbpf. Between {@link #open} and {@link #load} its maps and
 * constants can be changed. One thread. {@link #close} closes the descriptors of its maps and
 * programs; what is pinned, attached or in a map of the kernel goes on.
 */
public final class BpfObject implements AutoCloseable {
  private static final NativeFunction OPEN_MEM =
      NativeFunction.libbpf("bpf_object__open_mem", Returns.POINTER);
  private static final NativeFunction LOAD =
      NativeFunction.libbpf("bpf_object__load", Returns.STATUS);
  private static final NativeFunction CLOSE =
      NativeFunction.libbpf("bpf_object__close", Returns.ANYTHING);
  private static final NativeFunction NEXT_MAP =
      NativeFunction.libbpf("bpf_object__next_map", Returns.ANYTHING);
  private static final NativeFunction FIND_MAP =
      NativeFunction.libbpf("bpf_object__find_map_by_name", Returns.POINTER);
  private static final NativeFunction FIND_PROGRAM =
      NativeFunction.libbpf("bpf_object__find_program_by_name", Returns.POINTER);
  private static final NativeFunction NEXT_PROGRAM =
      NativeFunction.libbpf("bpf_object__next_program", Returns.ANYTHING);
  private static final NativeFunction BTF =
      NativeFunction.libbpf("bpf_object__btf", Returns.POINTER);

  private static final String CONSTANTS = ".rodata";
  private static final long OPTIONS_BYTES = 16; // sz and object_name of bpf_object_open_opts
  private static final long ELF_ALIGNMENT = 8;

  private final MemorySegment object;
  private final Arena arena;
  private final String name;

  private BpfObject(MemorySegment object, Arena arena, String name) {
    this.object = object;
    this.arena = arena;
    this.name = name;
  }

  /**
   * @param name what the kernel will show in front of the names of its constants
   * @throws BpfException if it is no BPF object, or one with what this libbpf does not know
   */
  public static BpfObject open(byte[] elf, String name) throws BpfException {
    NativeFunction.requireLibbpf();
    LibbpfLog.install();
    var arena = Arena.ofShared();
    // libbpf reads from these bytes until the object is closed.
    var bytes = arena.allocate(elf.length, ELF_ALIGNMENT);
    MemorySegment.copy(elf, 0, bytes, JAVA_BYTE, 0, elf.length);
    var options = arena.allocate(OPTIONS_BYTES, Long.BYTES);
    options.set(JAVA_LONG, 0, OPTIONS_BYTES);
    options.set(JAVA_LONG, Long.BYTES, arena.allocateFrom(name).address());
    long object = OPEN_MEM.call(bytes.address(), elf.length, options.address());
    var warnings = LibbpfLog.takeWarnings();
    if (object < 0) {
      arena.close();
      throw new BpfException(OPEN_MEM.name(), (int) -object, with(name, warnings));
    }
    return new BpfObject(MemorySegment.ofAddress(object), arena, name);
  }

  /**
   * Creates the maps that were not given and has the programs verified.
   *
   * @throws BpfException with the end of the verifier's log
   */
  public void load() throws BpfException {
    long result = LOAD.call(object.address());
    var warnings = LibbpfLog.takeWarnings();
    LOAD.orThrow(result, result < 0 ? with(name, VerifierLog.shorten(warnings)) : name);
  }

  /** All maps, those for constants and variables excepted. */
  public List<ObjectMap> maps() {
    var maps = new ArrayList<ObjectMap>();
    long map = NEXT_MAP.call(object.address(), 0);
    while (map != 0) {
      var found = new ObjectMap(map);
      if (!found.isInternal()) {
        maps.add(found);
      }
      map = NEXT_MAP.call(object.address(), map);
    }
    return List.copyOf(maps);
  }

  /** A {@code const volatile} variable, to be written before load. Borrowed from the object. */
  public MemorySegment constant(String variable) throws BpfException {
    var place = btf().variable(CONSTANTS, variable);
    return constants().initialValue().asSlice(place.offset(), place.size());
  }

  ObjectMap constants() throws BpfException {
    try (var names = Arena.ofConfined()) {
      return new ObjectMap(
          FIND_MAP.orThrow(
              FIND_MAP.call(object.address(), names.allocateFrom(CONSTANTS).address()),
              CONSTANTS + " of " + name));
    }
  }

  /** Where among the constants a variable is, in bytes. */
  public long constantAt(String variable) throws BpfException {
    return btf().variable(CONSTANTS, variable).offset();
  }

  /** Borrowed from the object. */
  public BpfProgram program(String program) throws BpfException {
    try (var names = Arena.ofConfined()) {
      long found =
          FIND_PROGRAM.orThrow(
              FIND_PROGRAM.call(object.address(), names.allocateFrom(program).address()),
              program + " of " + name);
      return new BpfProgram(found, program);
    }
  }

  /** Before load: of its programs the object will have these, and save the verifier's time. */
  public void leaveOutAllBut(String... wanted) throws BpfException {
    var kept = new HashSet<Long>();
    for (var program : wanted) {
      kept.add(program(program).address());
    }
    long next = NEXT_PROGRAM.call(object.address(), 0);
    while (next != 0) {
      if (!kept.contains(next)) {
        new BpfProgram(next, "a program of " + name).leaveOut();
      }
      next = NEXT_PROGRAM.call(object.address(), next);
    }
  }

  /** The types and variables of the object; borrowed from it. */
  public Btf btf() throws BpfException {
    return new Btf(BTF.orThrow(BTF.call(object.address()), name));
  }

  @Override
  public void close() {
    CLOSE.call(object.address());
    arena.close();
  }

  private static String with(String name, String warnings) {
    return warnings.isEmpty() ? name : name + ":\n" + warnings;
  }
}
