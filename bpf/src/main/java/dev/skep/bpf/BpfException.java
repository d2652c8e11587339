package dev.skep.bpf;

/** A native call failed. Carries the operation, the errno and what it was tried on. */
public final class BpfException extends Exception {
  private static final long serialVersionUID = 1;

  private final String operation;
  private final int errno;

  /**
   * @param errno 0 where the failure is not the kernel's
   */
  public BpfException(String operation, int errno, String detail) {
    super(operation + ": " + detail + (errno == 0 ? "" : ": " + name(errno)));
    this.operation = operation;
    this.errno = errno;
  }

  public String operation() {
    return operation;
  }

  /** Positive, as in errno.h; 0 where the failure is not the kernel's. */
  public int errno() {
    return errno;
  }

  /**
   * Those that bpf(2), mmap(2) and mount(2) give; the numbers are the same on all of Skep's CPUs.
   */
  private static String name(int errno) {
    return switch (errno) {
      case 1 -> "EPERM (not permitted)";
      case 2 -> "ENOENT (not there)";
      case 3 -> "ESRCH (no such process or type)";
      case 7 -> "E2BIG (full or too big)";
      case 9 -> "EBADF (no open descriptor)";
      case 11 -> "EAGAIN (try again)";
      case 12 -> "ENOMEM (out of memory)";
      case 13 -> "EACCES (refused by the verifier or by permissions)";
      case 14 -> "EFAULT (bad address)";
      case 16 -> "EBUSY (in use)";
      case 17 -> "EEXIST (there already)";
      case 20 -> "ENOTDIR (not a folder)";
      case 22 -> "EINVAL (invalid argument)";
      case 24 -> "EMFILE (too many open files)";
      case 28 -> "ENOSPC (no space left)";
      case 38 -> "ENOSYS (not in this kernel)";
      case 95 -> "EOPNOTSUPP (not supported)";
      case 524 -> "ENOTSUPP (not supported by this kernel)";
      default -> "errno " + errno;
    };
  }
}
