package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.libbpf.Libc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The control groups of the node in the unified hierarchy. */
final class Cgroups {
  private static final Path MOUNTS = Path.of("/proc/self/mounts");
  private static final String TYPE = "cgroup2";

  /** In each folder of the unified hierarchy, and in no other. */
  private static final String CONTROLLERS = "cgroup.controllers";

  /**
   * As the node's first process sees them: a container's own mounts may show nothing but itself.
   */
  private static final List<Path> OF_THE_NODE =
      List.of(Path.of("/proc/1/root/sys/fs/cgroup"), Path.of("/proc/1/root/sys/fs/cgroup/unified"));

  private Cgroups() {}

  /**
   * The ids of all that exist: their folders' inode numbers.
   *
   * @throws IOException if they cannot be seen
   */
  static Set<Long> alive() throws IOException {
    var ids = new HashSet<Long>();
    var root = mounted();
    if (root.isEmpty()) {
      throw new IOException("no " + TYPE + " hierarchy is mounted");
    }
    try (var folders = Files.find(root.get(), Integer.MAX_VALUE, (_, is) -> is.isDirectory())) {
      folders.forEach(folder -> id(folder).ifPresent(ids::add));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return ids;
  }

  /** All of them, parents before their children. */
  static List<SkepKernel.Cgroup> tree() throws BpfException {
    var root =
        root()
            .orElseThrow(
                () -> new BpfException("cgroup", 0, "no " + TYPE + " hierarchy is mounted"));
    var found = new ArrayList<SkepKernel.Cgroup>();
    var parents = new ArrayDeque<Long>();
    try {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes is) {
              var id = id(folder);
              if (id.isEmpty()) {
                return FileVisitResult.SKIP_SUBTREE; // removed meanwhile
              }
              var parent = parents.peek();
              found.add(
                  new SkepKernel.Cgroup(
                      id.get(), parent == null ? 0 : parent, "/" + root.relativize(folder)));
              parents.push(id.get());
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path removed, IOException e) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) {
              parents.pop();
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new BpfException("cgroup", 0, "looking through " + root + " failed: " + e);
    }
    return found;
  }

  /** Below the node's root; empty if there is none with this id. */
  static Optional<String> path(long id) throws BpfException {
    var root = root();
    return root.isEmpty() ? Optional.empty() : Libc.pathOfKernfsNode(root.get().toString(), id);
  }

  /**
   * Where the node's cgroups can be seen; empty if its kernel has none of the unified hierarchy.
   */
  static Optional<Path> root() throws BpfException {
    try {
      return mounted();
    } catch (IOException e) {
      throw new BpfException("cgroup", 0, "reading " + MOUNTS + " failed: " + e);
    }
  }

  static long idOf(Path folder) throws BpfException {
    return id(folder)
        .orElseThrow(() -> new BpfException("cgroup", 0, folder + " has no inode number"));
  }

  /**
   * Those of these ids that no cgroup has: removed, or not there yet.
   *
   * @throws BpfException if nothing tells
   */
  static List<Long> gone(Collection<Long> ids) throws BpfException {
    var mount =
        root().orElseThrow(() -> new BpfException("cgroup", 0, "no " + TYPE + " in " + MOUNTS));
    var gone = new ArrayList<Long>();
    for (long id : ids) {
      if (Libc.pathOfKernfsNode(mount.toString(), id).isEmpty()) {
        gone.add(id);
      }
    }
    return gone;
  }

  /** Empty if it was removed meanwhile. */
  private static Optional<Long> id(Path folder) {
    try {
      return Optional.of((Long) Files.getAttribute(folder, "unix:ino"));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private static Optional<Path> mounted() throws IOException {
    for (var folder : OF_THE_NODE) {
      if (Files.exists(folder.resolve(CONTROLLERS))) {
        return Optional.of(folder);
      }
    }
    try (var mounts = Files.lines(MOUNTS)) {
      return mounts
          .map(mount -> mount.split(" ", -1)) // what, where, type, options
          .filter(mount -> mount.length > 2 && mount[2].equals(TYPE))
          .map(mount -> Path.of(mount[1]))
          .reduce((_, later) -> later); // which may lie over the earlier
    }
  }
}
