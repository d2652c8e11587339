package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** A map as an object declares it. Borrowed from its object: valid until that is closed. */
@SuppressWarnings("restricted") // native code is what this package is for
public final class ObjectMap {
  private static final NativeFunction NAME =
      NativeFunction.libbpf("bpf_map__name", Returns.POINTER);
  private static final NativeFunction IS_INTERNAL =
      NativeFunction.libbpf("bpf_map__is_internal", Returns.ANYTHING);
  private static final NativeFunction TYPE =
      NativeFunction.libbpf("bpf_map__type", Returns.ANYTHING);
  private static final NativeFunction KEY_SIZE =
      NativeFunction.libbpf("bpf_map__key_size", Returns.ANYTHING);
  private static final NativeFunction VALUE_SIZE =
      NativeFunction.libbpf("bpf_map__value_size", Returns.ANYTHING);
  private static final NativeFunction MAX_ENTRIES =
      NativeFunction.libbpf("bpf_map__max_entries", Returns.ANYTHING);
  private static final NativeFunction FLAGS =
      NativeFunction.libbpf("bpf_map__map_flags", Returns.ANYTHING);
  private static final NativeFunction SET_MAX_ENTRIES =
      NativeFunction.libbpf("bpf_map__set_max_entries", Returns.STATUS);
  private static final NativeFunction REUSE_FD =
      NativeFunction.libbpf("bpf_map__reuse_fd", Returns.STATUS);
  private static final NativeFunction INITIAL_VALUE =
      NativeFunction.libbpf("bpf_map__initial_value", Returns.ANYTHING);
  private static final NativeFunction FD = NativeFunction.libbpf("bpf_map__fd", Returns.STATUS);

  private static final int NAME_BYTES_MAX = 256;

  private final long map;
  private final String name;

  ObjectMap(long map) {
    this.map = map;
    this.name = MemorySegment.ofAddress(NAME.call(map)).reinterpret(NAME_BYTES_MAX).getString(0);
  }

  public String name() {
    return name;
  }

  boolean isInternal() {
    return (IS_INTERNAL.call(map) & 1) != 0;
  }

  public void setMaxEntries(int count) throws BpfException {
    SET_MAX_ENTRIES.orThrow(SET_MAX_ENTRIES.call(map, count), name + " to " + count);
  }

  /** Whether the programs can use {@code other} as this map. */
  public boolean isServedBy(KernelMap other) {
    return other.sameShape(
        KernelMap.Type.of((int) TYPE.call(map)),
        (int) KEY_SIZE.call(map),
        (int) VALUE_SIZE.call(map),
        (int) MAX_ENTRIES.call(map),
        (int) FLAGS.call(map));
  }

  /** Before load: takes {@code other} instead of creating a map; keeps a descriptor of its own. */
  public void use(KernelMap other) throws BpfException {
    REUSE_FD.orThrow(REUSE_FD.call(map, other.fd()), name);
  }

  /** After load. */
  public void pin(Path path) throws BpfException {
    BpfFs.pin(descriptor(), path);
  }

  /** After load; the object closes it. */
  int descriptor() throws BpfException {
    return (int) FD.orThrow(FD.call(map), name);
  }

  /**
   * Before load: what the map will hold, to be written. After load libbpf 1.1 ignores writes
   * without a word.
   */
  MemorySegment initialValue() {
    try (var arena = Arena.ofConfined()) {
      var size = arena.allocate(JAVA_LONG);
      long address = INITIAL_VALUE.call(map, size.address());
      return MemorySegment.ofAddress(address).reinterpret(size.get(JAVA_LONG, 0));
    }
  }
}
