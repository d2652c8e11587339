package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.Libc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** The control groups of the unified hierarchy, as this process' mounts show them. */
final class Cgroups {
  private static final Path MOUNTS = Path.of("/proc/self/mounts");
  private static final String TYPE = "cgroup2";

  /** Of the hierarchy's root; a mount that shows a part of it has another one. */
  private static final long ROOT_ID = 1;

  private Cgroups() {}

  /**
   * The ids of all that exist: their folders' inode numbers.
   *
   * @throws IOException if the mounts do not show them all
   */
  static Set<Long> alive() throws IOException {
    var ids = new HashSet<Long>();
    var root = root();
    if (root.isEmpty() || !id(root.get()).equals(Optional.of(ROOT_ID))) {
      throw new IOException("no mount shows the whole " + TYPE + " hierarchy");
    } else {
      try (var folders = Files.find(root.get(), Integer.MAX_VALUE, (_, is) -> is.isDirectory())) {
        folders.forEach(folder -> id(folder).ifPresent(ids::add));
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
    return ids;
  }

  /** Below the root of the hierarchy's mount; empty if there is none with this id. */
  static Optional<String> path(long id) throws BpfException {
    Optional<Path> root;
    try {
      root = root();
    } catch (IOException e) {
      throw new BpfException("cgroup", 0, "reading " + MOUNTS + " failed: " + e);
    }
    if (root.isEmpty()) {
      return Optional.empty();
    }
    var mount = root.get().toString();
    return Libc.pathOfKernfsNode(mount, id)
        .map(path -> path.equals(mount) ? "/" : path.substring(mount.length()));
  }

  /** Empty if it was removed meanwhile. */
  private static Optional<Long> id(Path folder) {
    try {
      return Optional.of((Long) Files.getAttribute(folder, "unix:ino"));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private static Optional<Path> root() throws IOException {
    try (var mounts = Files.lines(MOUNTS)) {
      return mounts
          .map(mount -> mount.split(" ", -1)) // what, where, type, options
          .filter(mount -> mount.length > 2 && mount[2].equals(TYPE))
          .map(mount -> Path.of(mount[1]))
          .findFirst();
    }
  }
}
