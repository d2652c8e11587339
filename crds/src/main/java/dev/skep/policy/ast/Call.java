package dev.skep.policy.ast;

/** A function of the kernel, or the system call that it carries out. */
public sealed interface Call {
  /**
   * @param name without prefix, such as {@code write}
   */
  record Syscall(Abi abi, String name, int number) implements Call {
    /** The bit by which Tetragon's syscall64 tells 32-bit calls from others of the same number. */
    private static final long IS_32BIT = 0x8000_0000L;

    /** As an argument of type syscall64 holds it. */
    public long syscall64() {
      return abi == Abi.I386 ? number | IS_32BIT : number;
    }
  }

  record Function(String symbol) implements Call {}

  enum Abi {
    X64,
    I386
  }
}
