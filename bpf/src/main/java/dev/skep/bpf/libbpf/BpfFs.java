package dev.skep.bpf.libbpf;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Pins: names in a bpf file system that keep a kernel object alive. */
final class BpfFs {
  private static final NativeFunction GET = NativeFunction.libbpf("bpf_obj_get", Returns.STATUS);
  private static final NativeFunction PIN = NativeFunction.libbpf("bpf_obj_pin", Returns.STATUS);

  private BpfFs() {}

  /** A new descriptor for what is pinned at {@code path}; the caller closes it. */
  static int open(Path path) throws BpfException {
    LibbpfLog.install();
    try (var arena = Arena.ofConfined()) {
      return (int)
          GET.orThrow(GET.call(arena.allocateFrom(path.toString()).address()), path.toString());
    }
  }

  /**
   * @throws BpfException with EEXIST if the path is taken, ENOENT if its folder is missing, EPERM
   *     outside bpffs or with a dot in the name
   */
  static void pin(int fd, Path path) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      PIN.orThrow(PIN.call(fd, arena.allocateFrom(path.toString()).address()), path.toString());
    }
  }
}
