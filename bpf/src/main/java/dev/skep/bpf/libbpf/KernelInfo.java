package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel says of the map, program or link behind a descriptor; offsets of linux/bpf.h. */
final class KernelInfo {
  private static final NativeFunction GET_INFO =
      NativeFunction.libbpf("bpf_obj_get_info_by_fd", Returns.STATUS);

  private static final String MEMORY = "memlock:";

  private KernelInfo() {}

  /**
   * Bytes of kernel memory that a map or a program takes, as {@code /proc} says: from Linux 6.4 on
   * exact for maps, before that what their entries take at most.
   */
  static long memory(int fd) throws BpfException {
    var file = Path.of("/proc/self/fdinfo/" + fd);
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(MEMORY))
          .mapToLong(line -> Long.parseLong(line.substring(MEMORY.length()).strip()))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new BpfException("fdinfo", 0, "reading " + file + " failed: " + e.getMessage());
    }
  }

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
