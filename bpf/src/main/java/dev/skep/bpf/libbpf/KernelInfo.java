package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What the kernel says of the map, program or link behind a descriptor; offsets of linux/bpf.h. */
final class KernelInfo {
  private static final NativeFunction GET_INFO =
      NativeFunction.libbpf("bpf_obj_get_info_by_fd", Returns.STATUS);

  private KernelInfo() {}

  static MemorySegment read(int fd, int size, Arena arena) throws BpfException {
    var info = arena.allocate(size, Long.BYTES);
    fill(fd, info, arena);
    return info;
  }

  /** For infos that point to room for more, which the caller has put in. */
  static void fill(int fd, MemorySegment info, Arena arena) throws BpfException {
    var length = arena.allocateFrom(JAVA_INT, (int) info.byteSize());
    GET_INFO.orThrow(GET_INFO.call(fd, info.address(), length.address()), "descriptor " + fd);
  }
}
