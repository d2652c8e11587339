package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A map of the kernel by an open descriptor. Owned: whoever got it closes it. Any thread; what two
 * threads write to one key at once is theirs to order.
 *
 * @param valueSize of one value in bytes; of a per-CPU map, of one CPU's value
 * @param memory of an array that can be mapped; it is read without a call
 */
public record KernelMap(
    int fd,
    String name,
    Type type,
    int keySize,
    int valueSize,
    int maxEntries,
    int flags,
    @Nullable ArrayMemory memory)
    implements AutoCloseable {

  /** Of {@code enum bpf_map_type}, those that Skep uses; the order of linux/bpf.h. */
  public enum Type {
    HASH(1),
    ARRAY(2),
    PROG_ARRAY(3),
    PERCPU_HASH(5),
    PERCPU_ARRAY(6),
    LRU_HASH(9),
    LPM_TRIE(11),
    ARRAY_OF_MAPS(12),
    RINGBUF(27),
    OTHER(-1);

    private final int code;

    Type(int code) {
      this.code = code;
    }

    static Type of(int code) {
      for (var type : values()) {
        if (type.code == code) {
          return type;
        }
      }
      return OTHER;
    }
  }

  public static final int NO_PREALLOC = 1;
  private static final int MMAPABLE = 1 << 10;

  private static final NativeFunction CREATE =
      NativeFunction.libbpf("bpf_map_create", Returns.STATUS);
  private static final NativeFunction LOOKUP =
      NativeFunction.libbpf("bpf_map_lookup_elem", Returns.STATUS);
  private static final NativeFunction UPDATE =
      NativeFunction.libbpf("bpf_map_update_elem", Returns.STATUS);
  private static final NativeFunction DELETE =
      NativeFunction.libbpf("bpf_map_delete_elem", Returns.STATUS);
  private static final NativeFunction LOOKUP_BATCH =
      NativeFunction.libbpf("bpf_map_lookup_batch", Returns.STATUS);
  private static final NativeFunction NEXT_KEY =
      NativeFunction.libbpf("bpf_map_get_next_key", Returns.STATUS);
  private static final NativeFunction GET_FD_BY_ID =
      NativeFunction.libbpf("bpf_map_get_fd_by_id", Returns.STATUS);

  private static final NativeFunction POSSIBLE_CPUS =
      NativeFunction.libbpf("libbpf_num_possible_cpus", Returns.STATUS);

  private static final int ENOENT = 2;
  private static final int ENOSPC = 28;
  private static final int FIRST_BATCH = 512;
  private static final long CREATE_OPTIONS_BYTES = 48;
  private static final long CREATE_OPTIONS_FLAGS = 28;
  private static final int MAP_INFO_BYTES = 80;

  /** A new map, unpinned: it lives as long as a descriptor or another map holds it. */
  public static KernelMap create(
      Type type, String name, int keySize, int valueSize, int maxEntries, int flags)
      throws BpfException {
    LibbpfLog.install();
    try (var arena = Arena.ofConfined()) {
      var options = arena.allocate(CREATE_OPTIONS_BYTES, Long.BYTES);
      options.set(JAVA_LONG, 0, CREATE_OPTIONS_BYTES);
      options.set(JAVA_INT, CREATE_OPTIONS_FLAGS, flags);
      long fd =
          CREATE.call(
              type.code,
              arena.allocateFrom(name).address(),
              keySize,
              valueSize,
              maxEntries,
              options.address());
      CREATE.orThrow(fd, type + " " + name + " of " + maxEntries + " entries");
      return new KernelMap((int) fd, name, type, keySize, valueSize, maxEntries, flags, null);
    }
  }

  /** The map that is pinned at {@code path}. */
  public static KernelMap pinned(Path path) throws BpfException {
    return of(BpfFs.open(path));
  }

  /** The map with the kernel's id; only with CAP_SYS_ADMIN. */
  public static KernelMap byId(int id) throws BpfException {
    return of((int) GET_FD_BY_ID.orThrow(GET_FD_BY_ID.call(id), "map " + id));
  }

  /** Bytes of kernel memory. */
  public long kernelBytes() throws BpfException {
    return KernelInfo.memory(fd);
  }

  /** The kernel's id of the map. */
  public int id() throws BpfException {
    try (var arena = Arena.ofConfined()) {
      return KernelInfo.read(fd, MAP_INFO_BYTES, arena).get(JAVA_INT, 4);
    }
  }

  /** Takes over {@code fd}, and closes it if it fails. */
  private static KernelMap of(int fd) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var info = KernelInfo.read(fd, MAP_INFO_BYTES, arena);
      var type = Type.of(info.get(JAVA_INT, 0));
      int valueSize = info.get(JAVA_INT, 12);
      int maxEntries = info.get(JAVA_INT, 16);
      int flags = info.get(JAVA_INT, 20);
      boolean isMapped = type == Type.ARRAY && (flags & MMAPABLE) != 0;
      return new KernelMap(
          fd,
          info.getString(24),
          type,
          info.get(JAVA_INT, 8),
          valueSize,
          maxEntries,
          flags,
          isMapped ? new ArrayMemory(fd, valueSize, maxEntries) : null);
    } catch (BpfException e) {
      Libc.close(fd);
      throw e;
    }
  }

  /** How many values a look-up in a per-CPU map gives, each rounded up to 8 bytes. */
  public static int possibleCpus() throws BpfException {
    return (int) POSSIBLE_CPUS.orThrow(POSSIBLE_CPUS.call(0), "/sys/devices/system/cpu/possible");
  }

  /** Copies the value of {@code key} into {@code value}; false if there is none. */
  public boolean get(MemorySegment key, MemorySegment value) throws BpfException {
    if (memory != null) {
      var found = memory.at(key.get(JAVA_INT, 0));
      if (found != null) {
        value.copyFrom(found);
      }
      return found != null;
    }
    long result = LOOKUP.call(fd, key.address(), value.address());
    if (result == -ENOENT) {
      return false;
    }
    LOOKUP.orThrow(result, name);
    return true;
  }

  public boolean get(int index, MemorySegment value) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      return get(arena.allocateFrom(JAVA_INT, index), value);
    }
  }

  /** Sets or replaces, for the programs in one step. */
  public void put(MemorySegment key, MemorySegment value) throws BpfException {
    UPDATE.orThrow(UPDATE.call(fd, key.address(), value.address(), 0), name);
  }

  public void put(int index, MemorySegment value) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      UPDATE.orThrow(
          UPDATE.call(fd, arena.allocateFrom(JAVA_INT, index).address(), value.address(), 0),
          name + "[" + index + "]");
    }
  }

  public void put(int index, int value) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      put(index, arena.allocateFrom(JAVA_INT, value));
    }
  }

  /** The value at {@code index} as an int, 0 if there is none. */
  public int getInt(int index) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(JAVA_INT);
      return get(index, value) ? value.get(JAVA_INT, 0) : 0;
    }
  }

  /** False if there was none. */
  public boolean delete(MemorySegment key) throws BpfException {
    long result = DELETE.call(fd, key.address());
    if (result == -ENOENT) {
      return false;
    }
    DELETE.orThrow(result, name);
    return true;
  }

  public boolean delete(int index) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      return delete(arena.allocateFrom(JAVA_INT, index));
    }
  }

  /**
   * Every entry, a few hundred by one call. What comes or goes meanwhile is seen or not. Key and
   * value are lent for the time of the call.
   */
  public void forEach(BiConsumer<MemorySegment, MemorySegment> action) throws BpfException {
    if (memory != null) {
      forEachIn(memory, action);
      return;
    }
    int batch = Math.min(FIRST_BATCH, maxEntries);
    try (var arena = Arena.ofConfined()) {
      var keys = arena.allocate((long) batch * keySize, Long.BYTES);
      var values = arena.allocate((long) batch * valueSize, Long.BYTES);
      var count = arena.allocate(JAVA_INT);
      // Where the next batch begins: a key, or of a hash the number of a bucket.
      var place = arena.allocate(Math.max(keySize, Integer.BYTES), Long.BYTES);
      long begin = 0;
      while (true) {
        count.set(JAVA_INT, 0, batch);
        long result =
            LOOKUP_BATCH.call(
                fd, begin, place.address(), keys.address(), values.address(), count.address());
        begin = place.address();
        if (result == -ENOSPC) { // one bucket alone has more: again from there
          batch *= 2;
          keys = arena.allocate((long) batch * keySize, Long.BYTES);
          values = arena.allocate((long) batch * valueSize, Long.BYTES);
          continue;
        }
        if (result != -ENOENT) {
          LOOKUP_BATCH.orThrow(result, name + ", " + batch + " entries at a time");
        }
        int found = count.get(JAVA_INT, 0);
        for (int i = 0; i < found; i++) {
          action.accept(
              keys.asSlice((long) i * keySize, keySize),
              values.asSlice((long) i * valueSize, valueSize));
        }
        if (result == -ENOENT) {
          return;
        }
      }
    }
  }

  private static void forEachIn(
      ArrayMemory array, BiConsumer<MemorySegment, MemorySegment> action) {
    try (var arena = Arena.ofConfined()) {
      var key = arena.allocate(JAVA_INT);
      int index = 0;
      for (var value = array.at(index); value != null; value = array.at(index)) {
        key.set(JAVA_INT, 0, index++);
        action.accept(key, value);
      }
    }
  }

  /** Hands over every key: for maps without batches, while nothing is deleted. */
  public void forEachKey(Consumer<MemorySegment> action) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var previous = arena.allocate(keySize, Long.BYTES);
      var key = arena.allocate(keySize, Long.BYTES);
      long result = NEXT_KEY.call(fd, 0, key.address());
      while (result != -ENOENT) {
        NEXT_KEY.orThrow(result, name);
        action.accept(key);
        previous.copyFrom(key);
        result = NEXT_KEY.call(fd, previous.address(), key.address());
      }
    }
  }

  public boolean isEmpty() throws BpfException {
    try (var arena = Arena.ofConfined()) {
      long result = NEXT_KEY.call(fd, 0, arena.allocate(keySize, Long.BYTES).address());
      if (result == -ENOENT) {
        return true;
      }
      NEXT_KEY.orThrow(result, name);
      return false;
    }
  }

  /** Whether another map can serve the programs in this one's place. */
  public boolean sameShape(Type otherType, int otherKey, int otherValue, int otherMax, int other) {
    return type == otherType
        && keySize == otherKey
        && valueSize == otherValue
        && maxEntries == otherMax
        && flags == other;
  }

  public void pin(Path path) throws BpfException {
    BpfFs.pin(fd, path);
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
    }
    Libc.close(fd);
  }
}
