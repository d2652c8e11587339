package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.SkepKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a {@link SkepKernel} comes from. */
public final class SkepKernels {
  private SkepKernels() {}

  /** Whether the running kernel lets programs replace what a system call returns. */
  public static boolean canOverrideSyscalls() {
    return Programs.canOverrideSyscalls();
  }

  /**
   * Loads the base sensor and the dispatchers, and takes over what an earlier agent pinned below
   * the folder: its policies go on acting, its counters go on counting, its unread records are
   * read.
   *
   * @throws BpfException with one clear text if the machine lacks something (rights, kernel types,
   *     a bpf file system, libbpf), another agent has the folder, or the kernel refuses a program
   */
  public static SkepKernel open(KernelOptions options) throws BpfException {
    return PinnedKernel.open(options, Programs.POLICY.bytes());
  }

  /**
   * Removes all that an agent left below the folder: its programs are detached and gone. True if
   * there was anything.
   *
   * @throws BpfException if an agent runs that has the folder
   */
  public static boolean cleanup(Path folder) throws BpfException {
    var absolute = folder.toAbsolutePath().normalize();
    try {
      if (!Files.isDirectory(absolute) || !Host.isBpffs(absolute)) {
        return false;
      }
    } catch (IOException e) {
      throw new BpfException("cleanup", 0, "looking at " + absolute + " failed: " + e);
    }
    try (var _ = FolderLock.take(absolute)) {
      new Folder(absolute).removeAll();
      return true;
    }
  }
}
