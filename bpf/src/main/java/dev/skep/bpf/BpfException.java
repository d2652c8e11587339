package dev.skep.bpf;

/** A native call failed. Carries the operation, the errno and what it was tried on. */
public final class BpfException extends Exception {
  private static final long serialVersionUID = 1;

  private final String operation;
  private final int errno;

  public BpfException(String operation, int errno, String detail) {
    super(operation + ": " + detail + ": errno " + errno);
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
}
