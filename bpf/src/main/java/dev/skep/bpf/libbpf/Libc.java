package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The calls of libc that maps, rings and bpffs need. Any thread. */
@SuppressWarnings("restricted") // native code is what this package is for
public final class Libc {
  private static final NativeFunction MMAP = NativeFunction.libc("mmap", Returns.LIBC_POINTER);
  private static final NativeFunction MUNMAP = NativeFunction.libc("munmap", Returns.LIBC_INT);
  private static final NativeFunction POLL = NativeFunction.libc("poll", Returns.LIBC_INT);
  private static final NativeFunction EVENTFD = NativeFunction.libc("eventfd", Returns.LIBC_INT);
  private static final NativeFunction READ = NativeFunction.libc("read", Returns.LIBC_INT);
  private static final NativeFunction WRITE = NativeFunction.libc("write", Returns.LIBC_INT);
  private static final NativeFunction DUP = NativeFunction.libc("dup", Returns.LIBC_INT);
  private static final NativeFunction CLOSE = NativeFunction.libc("close", Returns.LIBC_INT);
  private static final NativeFunction READLINK = NativeFunction.libc("readlink", Returns.LIBC_INT);
  private static final NativeFunction MOUNT = NativeFunction.libc("mount", Returns.LIBC_INT);
  private static final NativeFunction SYSCALL = NativeFunction.libc("syscall", Returns.LIBC_INT);
  private static final NativeFunction OPEN_BY_HANDLE_AT =
      NativeFunction.libc("open_by_handle_at", Returns.LIBC_INT);
  private static final NativeFunction CLOCK_GETTIME =
      NativeFunction.libc("clock_gettime", Returns.LIBC_INT);
  private static final NativeFunction GETPAGESIZE =
      NativeFunction.libc("getpagesize", Returns.ANYTHING);

  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int EFD_CLOEXEC = 0x80000;
  private static final short POLLIN = 1;
  private static final int EINTR = 4;
  private static final long POLLFD_BYTES = 8;
  private static final int READ_BYTES = 4096;
  private static final int PATH_MAX = 4096;
  private static final int MEMBARRIER_CMD_GLOBAL = 1;
  private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");
  private static final long MEMBARRIER = ARM ? 283 : 324;
  private static final long OPENAT = ARM ? 56 : 257;
  private static final int AT_FDCWD = -100;
  private static final int O_CLOEXEC = 0x80000;
  private static final int ENOENT = 2;
  private static final int ESTALE = 116;
  private static final int FILEID_KERNFS = 0xfe;
  private static final int CLOCK_BOOTTIME = 7;

  private Libc() {}

  public static long pageSize() {
    return (int) GETPAGESIZE.call(0);
  }

  /** Maps a file descriptor, shared. The segment has no arena: {@link #unmap} ends it. */
  public static MemorySegment map(int fd, long offset, long size, boolean writable)
      throws BpfException {
    int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    long address =
        MMAP.orThrow(
            MMAP.call(0, size, protection, MAP_SHARED, fd, offset),
            size + " bytes at " + offset + " of descriptor " + fd);
    return MemorySegment.ofAddress(address).reinterpret(size);
  }

  /** Nobody may touch the segment afterwards: the process would die of it. */
  public static void unmap(MemorySegment segment) {
    MUNMAP.call(segment.address(), segment.byteSize());
  }

  /** A counter that wakes a {@link #poll}. The caller closes it. */
  public static int eventfd() throws BpfException {
    return (int) EVENTFD.orThrow(EVENTFD.call(0, EFD_CLOEXEC), "for waking the consumer");
  }

  public static void wake(int eventfd) {
    try (var arena = Arena.ofConfined()) {
      WRITE.call(eventfd, arena.allocateFrom(JAVA_LONG, 1).address(), Long.BYTES);
    }
  }

  /** Waits until one of two descriptors can be read, a signal comes or the time is over. */
  public static void poll(int first, int second, int timeoutMillis) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var descriptors = arena.allocate(2 * POLLFD_BYTES, Long.BYTES);
      descriptors.set(JAVA_INT, 0, first);
      descriptors.set(JAVA_SHORT, 4, POLLIN);
      descriptors.set(JAVA_INT, POLLFD_BYTES, second);
      descriptors.set(JAVA_SHORT, POLLFD_BYTES + 4, POLLIN);
      long ready = POLL.call(descriptors.address(), 2, timeoutMillis);
      if (ready != -EINTR) {
        POLL.orThrow(ready, "descriptors " + first + " and " + second);
      }
    }
  }

  /** Reads once, at most 4096 bytes. */
  public static byte[] read(int fd) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var buffer = arena.allocate(READ_BYTES);
      return buffer.asSlice(0, read(fd, buffer)).toArray(JAVA_BYTE);
    }
  }

  /** Reads to the end and throws the bytes away; how many there were. */
  public static long drain(int fd) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var buffer = arena.allocate(READ_BYTES);
      long total = 0;
      for (long count = read(fd, buffer); count != 0; count = read(fd, buffer)) {
        total += count;
      }
      return total;
    }
  }

  /** Once; how many bytes there were, 0 at the end. */
  private static long read(int fd, MemorySegment buffer) throws BpfException {
    long count;
    do {
      count = READ.call(fd, buffer.address(), buffer.byteSize());
    } while (count == -EINTR);
    return READ.orThrow(count, "descriptor " + fd);
  }

  /** What a symbolic link says, up to 4096 bytes, as it is. */
  public static byte[] readLink(String path) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var buffer = arena.allocate(PATH_MAX);
      long size =
          READLINK.call(arena.allocateFrom(path).address(), buffer.address(), buffer.byteSize());
      READLINK.orThrow(size, path);
      return buffer.asSlice(0, size).toArray(JAVA_BYTE);
    }
  }

  /**
   * The path of a folder of a kernfs, such as a cgroup, below {@code mount}, where that is mounted;
   * empty if there is none with this id.
   */
  public static Optional<String> pathOfKernfsNode(String mount, long id) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var path = arena.allocateFrom(mount);
      int root =
          (int) SYSCALL.orThrow(SYSCALL.call(OPENAT, AT_FDCWD, path.address(), O_CLOEXEC), mount);
      var handle = arena.allocate(2 * Integer.BYTES + Long.BYTES, Long.BYTES);
      handle.set(JAVA_INT, 0, Long.BYTES);
      handle.set(JAVA_INT, Integer.BYTES, FILEID_KERNFS);
      handle.set(JAVA_LONG, 2 * Integer.BYTES, id);
      try {
        long node = OPEN_BY_HANDLE_AT.call(root, handle.address(), O_CLOEXEC);
        if (node == -ESTALE || node == -ENOENT) {
          return Optional.empty();
        }
        OPEN_BY_HANDLE_AT.orThrow(node, "id " + id + " below " + mount);
        try {
          // Both as their mount namespace has them, which need not be ours.
          var above = pathOf(root);
          var whole = pathOf((int) node);
          return whole.startsWith(above)
              ? Optional.of(
                  whole.length() == above.length() ? "/" : whole.substring(above.length()))
              : Optional.empty();
        } finally {
          close((int) node);
        }
      } finally {
        close(root);
      }
    }
  }

  private static String pathOf(int fd) throws BpfException {
    return new String(readLink("/proc/self/fd/" + fd), StandardCharsets.UTF_8);
  }

  /** Nanoseconds of CLOCK_BOOTTIME. */
  public static long bootTime() throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var time = arena.allocate(2 * Long.BYTES, Long.BYTES);
      CLOCK_GETTIME.orThrow(CLOCK_GETTIME.call(CLOCK_BOOTTIME, time.address()), "CLOCK_BOOTTIME");
      return time.get(JAVA_LONG, 0) * 1_000_000_000L + time.get(JAVA_LONG, Long.BYTES);
    }
  }

  /** Another descriptor of the same; the caller closes both. */
  static int duplicate(int fd) throws BpfException {
    return (int) DUP.orThrow(DUP.call(fd), "descriptor " + fd);
  }

  public static void close(int fd) {
    CLOSE.call(fd);
  }

  /** Mounts a new bpffs that only root may enter. */
  public static void mountBpffs(String folder) throws BpfException {
    mount("bpf", folder, "mode=0700");
  }

  /** The kernel has but one. */
  public static void mountTracefs(String folder) throws BpfException {
    mount("tracefs", folder, "");
  }

  /** The file system in which security modules show themselves. */
  public static void mountSecurityfs(String folder) throws BpfException {
    mount("securityfs", folder, "");
  }

  private static void mount(String type, String folder, String options) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var name = arena.allocateFrom(type).address();
      MOUNT.orThrow(
          MOUNT.call(
              name,
              arena.allocateFrom(folder).address(),
              name,
              0,
              arena.allocateFrom(options).address(),
              0),
          "a %s file system at %s".formatted(type, folder));
    }
  }

  /**
   * Returns when every program that was running in the kernel at the time of the call has ended: a
   * global memory barrier waits for an RCU grace period, some 10 to 30 ms.
   */
  public static void awaitRunningPrograms() throws BpfException {
    SYSCALL.orThrow(SYSCALL.call(MEMBARRIER, MEMBARRIER_CMD_GLOBAL, 0, 0), "MEMBARRIER_CMD_GLOBAL");
  }
}
