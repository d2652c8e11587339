package dev.skep.bpf.ring;

import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.skep.bpf.KernelRecord.Header;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;

/** Reads what records and maps have in common. Sizes are checked by the caller. */
public final class Fields {
  static final long HEADER_BYTES = Structs.RECORD_HEADER.byteSize();
  static final long TIME = offset(Structs.RECORD_HEADER, "time");
  static final long PROCESS = offset(Structs.RECORD_HEADER, "process");
  static final byte[] NO_BYTES = {};

  private static final long CPU = offset(Structs.RECORD_HEADER, "cpu");
  private static final long BEGAN = offset(Structs.RECORD_HEADER, "began");
  private static final long CGROUP = offset(Structs.RECORD_HEADER, "cgroup");
  private static final long TID = offset(Structs.RECORD_HEADER, "tid");
  private static final long UID = offset(Structs.RECORD_HEADER, "uid");
  private static final long KEY_PID = offset(Structs.PROCESS_KEY, "pid");
  private static final long KEY_START = offset(Structs.PROCESS_KEY, "start");

  private Fields() {}

  static Header header(MemorySegment ring, long at) {
    return new Header(
        u16(ring, at + CPU),
        i64(ring, at + TIME),
        key(ring, at + PROCESS),
        i64(ring, at + BEGAN),
        i64(ring, at + CGROUP),
        i32(ring, at + TID),
        i32(ring, at + UID));
  }

  public static ProcessKey key(MemorySegment ring, long at) {
    return new ProcessKey(i32(ring, at + KEY_PID), i64(ring, at + KEY_START));
  }

  /** The struct has them in the order of the record. */
  public static Namespaces namespaces(MemorySegment ring, long at) {
    return new Namespaces(
        i32(ring, at),
        i32(ring, at + Integer.BYTES),
        i32(ring, at + 2 * Integer.BYTES),
        i32(ring, at + 3 * Integer.BYTES),
        i32(ring, at + 4 * Integer.BYTES),
        i32(ring, at + 5 * Integer.BYTES),
        i32(ring, at + 6 * Integer.BYTES),
        i32(ring, at + 7 * Integer.BYTES),
        i32(ring, at + 8 * Integer.BYTES),
        i32(ring, at + 9 * Integer.BYTES));
  }

  static byte[] bytes(MemorySegment ring, long at, int size) {
    if (size == 0) {
      return NO_BYTES;
    }
    var copy = new byte[size];
    MemorySegment.copy(ring, JAVA_BYTE, at, copy, 0, size);
    return copy;
  }

  static int u8(MemorySegment ring, long at) {
    return Byte.toUnsignedInt(ring.get(JAVA_BYTE, at));
  }

  static int u16(MemorySegment ring, long at) {
    return Short.toUnsignedInt(ring.get(JAVA_SHORT, at));
  }

  static int i32(MemorySegment ring, long at) {
    return ring.get(JAVA_INT, at);
  }

  static long u32(MemorySegment ring, long at) {
    return Integer.toUnsignedLong(ring.get(JAVA_INT, at));
  }

  static long i64(MemorySegment ring, long at) {
    return ring.get(JAVA_LONG, at);
  }
}
