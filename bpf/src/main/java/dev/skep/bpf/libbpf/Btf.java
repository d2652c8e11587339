package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelFunction.Parameter;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The types of an object, as its compiler wrote them down. Borrowed from the object. Format: struct
 * btf_type (name, info, size or type: 12 bytes) and what its kind appends.
 */
@SuppressWarnings("restricted") // native code is what this package is for
public final class Btf {
  private static final NativeFunction FIND =
      NativeFunction.libbpf("btf__find_by_name_kind", Returns.STATUS);
  private static final NativeFunction TYPE =
      NativeFunction.libbpf("btf__type_by_id", Returns.POINTER);
  private static final NativeFunction NAME =
      NativeFunction.libbpf("btf__name_by_offset", Returns.POINTER);

  private static final int KIND_INT = 1;
  private static final int KIND_POINTER = 2;
  private static final int KIND_STRUCT = 4;
  private static final int KIND_ENUM = 6;
  private static final int KIND_FORWARD = 7;
  private static final int KIND_TYPEDEF = 8;
  private static final int KIND_VOLATILE = 9;
  private static final int KIND_CONST = 10;
  private static final int KIND_RESTRICT = 11;
  private static final int KIND_FUNCTION = 12;
  private static final int KIND_DATASEC = 15;
  private static final int KIND_TYPE_TAG = 18;
  private static final int KIND_ENUM64 = 19;
  private static final int INT_SIGNED = 1 << 24;
  private static final int KIND_SHIFT = 24;
  private static final int KIND_MASK = 0x1f;
  private static final int PARAMETER_BYTES = 8;
  private static final int TYPE_BYTES = 12;
  private static final int MEMBER_BYTES = 12;
  private static final int COUNT_MASK = 0xffff;
  private static final int BIT_OFFSET_MASK = 0xffffff;
  private static final int NAME_BYTES_MAX = 512;

  private final long btf;

  Btf(long btf) {
    this.btf = btf;
  }

  /** Both in bytes. */
  public record Place(long offset, long size) {}

  /** A struct's size and the offsets of its members, in bytes; bit fields at their byte. */
  public record Struct(long size, Map<String, Long> offsets) {}

  /** Where in its section a variable is. */
  public Place variable(String section, String variable) throws BpfException {
    var type = find(section, KIND_DATASEC);
    if (type.isPresent()) {
      var entries = type.get();
      for (int i = 0; i < count(entries); i++) {
        long at = TYPE_BYTES + (long) i * MEMBER_BYTES; // btf_var_secinfo: type, offset, size
        if (name(type(entries.get(JAVA_INT, at), TYPE_BYTES)).equals(variable)) {
          return new Place(entries.get(JAVA_INT, at + 4), entries.get(JAVA_INT, at + 8));
        }
      }
    }
    throw new BpfException("btf", 0, "no variable " + variable + " in section " + section);
  }

  public Optional<Struct> struct(String name) throws BpfException {
    var found = find(name, KIND_STRUCT);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    var type = found.get();
    var offsets = new LinkedHashMap<String, Long>();
    for (int i = 0; i < count(type); i++) {
      long at = TYPE_BYTES + (long) i * MEMBER_BYTES; // btf_member: name, type, offset in bits
      long bits = type.get(JAVA_INT, at + 8) & BIT_OFFSET_MASK;
      offsets.put(name(type.get(JAVA_INT, at)), bits / Byte.SIZE);
    }
    return Optional.of(new Struct(type.get(JAVA_INT, 8), offsets));
  }

  /** The parameters of a function. */
  Optional<KernelFunction.Typed> function(String name) throws BpfException {
    var found = find(name, KIND_FUNCTION);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    int prototype = found.get().get(JAVA_INT, 8);
    boolean returns = type(prototype, TYPE_BYTES).get(JAVA_INT, 8) != 0; // type 0 is void
    return Optional.of(new KernelFunction.Typed(parameters(prototype), returns));
  }

  /** The parameters of a function that a typedef points to, but for the first, its own data. */
  Optional<KernelFunction.Typed> callback(String typedef) throws BpfException {
    var found = find(typedef, KIND_TYPEDEF);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    var pointer = plain(found.get().get(JAVA_INT, 8));
    var parameters = parameters(pointer.get(JAVA_INT, 8));
    return Optional.of(new KernelFunction.Typed(parameters.subList(1, parameters.size()), false));
  }

  private List<Parameter> parameters(int prototype) throws BpfException {
    int count = count(type(prototype, TYPE_BYTES));
    var list = type(prototype, TYPE_BYTES + (long) count * PARAMETER_BYTES);
    var parameters = new ArrayList<Parameter>();
    for (int i = 0; i < count; i++) {
      long at = TYPE_BYTES + (long) i * PARAMETER_BYTES; // btf_param: name, type
      parameters.add(parameter(list.get(JAVA_INT, at + 4)));
    }
    return parameters;
  }

  private Parameter parameter(int id) throws BpfException {
    var type = plain(id);
    return switch (kind(type)) {
      case KIND_INT -> new Parameter.Integral(type.get(JAVA_INT, 8), isSigned(type));
      case KIND_ENUM, KIND_ENUM64 ->
          new Parameter.Integral(type.get(JAVA_INT, 8), type.get(JAVA_INT, 4) < 0);
      case KIND_POINTER ->
          isCharacter(type.get(JAVA_INT, 8))
              ? new Parameter.Text()
              : new Parameter.Pointer(struct(type.get(JAVA_INT, 8)));
      default -> new Parameter.Other();
    };
  }

  /** Of an integer, after whose btf_type comes how it is encoded. */
  private static boolean isSigned(MemorySegment type) {
    return (type.reinterpret(TYPE_BYTES + Integer.BYTES).get(JAVA_INT, TYPE_BYTES) & INT_SIGNED)
        != 0;
  }

  private boolean isCharacter(int id) throws BpfException {
    if (id == 0) {
      return false; // void
    }
    var type = plain(id);
    return kind(type) == KIND_INT && name(type).equals("char");
  }

  /** Its name, or nothing if it is none. */
  private String struct(int id) throws BpfException {
    if (id == 0) {
      return ""; // void
    }
    var type = plain(id);
    return kind(type) == KIND_STRUCT || kind(type) == KIND_FORWARD ? name(type) : "";
  }

  /** Without qualifiers and other names. */
  private MemorySegment plain(int id) throws BpfException {
    var type = type(id, TYPE_BYTES);
    while (isOtherName(kind(type)) && type.get(JAVA_INT, 8) != 0) {
      type = type(type.get(JAVA_INT, 8), TYPE_BYTES);
    }
    return type;
  }

  private static boolean isOtherName(int kind) {
    return switch (kind) {
      case KIND_TYPEDEF, KIND_VOLATILE, KIND_CONST, KIND_RESTRICT, KIND_TYPE_TAG -> true;
      default -> false;
    };
  }

  private static int kind(MemorySegment type) {
    return type.get(JAVA_INT, 4) >>> KIND_SHIFT & KIND_MASK;
  }

  private Optional<MemorySegment> find(String name, int kind) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      long id = FIND.call(btf, arena.allocateFrom(name).address(), kind);
      if (id < 0) {
        return Optional.empty();
      }
      var head = type((int) id, TYPE_BYTES);
      return Optional.of(head.reinterpret(TYPE_BYTES + (long) count(head) * MEMBER_BYTES));
    }
  }

  private MemorySegment type(int id, long size) throws BpfException {
    long address = TYPE.orThrow(TYPE.call(btf, id), "type " + id);
    return MemorySegment.ofAddress(address).reinterpret(size);
  }

  private static int count(MemorySegment type) {
    return type.get(JAVA_INT, 4) & COUNT_MASK;
  }

  private String name(MemorySegment type) throws BpfException {
    return name(type.get(JAVA_INT, 0));
  }

  private String name(int offset) throws BpfException {
    long address = NAME.orThrow(NAME.call(btf, offset), "name at " + offset);
    return MemorySegment.ofAddress(address).reinterpret(NAME_BYTES_MAX).getString(0);
  }
}
