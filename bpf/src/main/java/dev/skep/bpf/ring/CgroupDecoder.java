package dev.skep.bpf.ring;

import static dev.skep.bpf.layout.Structs.offset;
import static dev.skep.bpf.ring.Fields.bytes;
import static dev.skep.bpf.ring.Fields.header;
import static dev.skep.bpf.ring.Fields.i32;
import static dev.skep.bpf.ring.Fields.i64;
import static dev.skep.bpf.ring.Fields.u32;

import dev.skep.bpf.KernelRecord.CgroupGone;
import dev.skep.bpf.KernelRecord.CgroupMade;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Records of cgroups that come and go. */
final class CgroupDecoder {
  static final long BYTES = Structs.CGROUP_RECORD.byteSize();

  private static final long CGROUP = offset(Structs.CGROUP_RECORD, "cgroup");
  private static final long PARENT = offset(Structs.CGROUP_RECORD, "parent");
  private static final long LEVEL = offset(Structs.CGROUP_RECORD, "level");
  private static final long PATH_SIZE = offset(Structs.CGROUP_RECORD, "path_size");

  private CgroupDecoder() {}

  /** Null if it is malformed. */
  static @Nullable CgroupMade made(MemorySegment ring, long at, long size) {
    long path = u32(ring, at + PATH_SIZE);
    if (path > size - BYTES) {
      return null;
    }
    return new CgroupMade(
        header(ring, at),
        i64(ring, at + CGROUP),
        i64(ring, at + PARENT),
        i32(ring, at + LEVEL),
        bytes(ring, at + BYTES, (int) path));
  }

  static CgroupGone gone(MemorySegment ring, long at) {
    return new CgroupGone(header(ring, at), i64(ring, at + CGROUP));
  }
}
