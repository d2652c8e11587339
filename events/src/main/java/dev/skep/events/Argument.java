package dev.skep.events;

/**
 * An argument of a call, or what it returned. {@code label} is the policy's name for it, empty if
 * it has none. Immutable.
 */
public sealed interface Argument {

  String label();

  /** {@code int}, signed 32 bits. */
  record IntArg(int value, String label) implements Argument {}

  /** {@code uint32}: the bits of {@code value}, unsigned. */
  record UintArg(int value, String label) implements Argument {}

  /** {@code size_t} and other unsigned 64-bit types: the bits of {@code value}, unsigned. */
  record SizeArg(long value, String label) implements Argument {}

  /** {@code int64}. */
  record LongArg(long value, String label) implements Argument {}

  /** {@code string}, made by {@link KernelText}. */
  record StringArg(String value, String label) implements Argument {}

  /**
   * A descriptor or a {@code struct file}, as the file behind it; all but {@code path} may be
   * empty.
   *
   * @param mount the mount point where it is not part of {@code path}
   * @param flags words on how the path was found
   * @param permission as {@code ls -l} shows it: {@code -rw-r--r--}
   */
  record FileArg(String mount, String path, String flags, String permission, String label)
      implements Argument {}

  /** A {@code struct path} or {@code dentry}; the same otherwise. */
  record PathArg(String mount, String path, String flags, String permission, String label)
      implements Argument {}

  /** A {@code struct linux_binprm}, as the file that is executed; the same otherwise. */
  record LinuxBinprmArg(String path, String flags, String permission, String label)
      implements Argument {}

  /** A buffer, whole. */
  record BytesArg(Bytes value, String label) implements Argument {}

  /**
   * The beginning of a buffer.
   *
   * @param originalSize bytes the call was given
   */
  record TruncatedBytesArg(Bytes value, long originalSize, String label) implements Argument {}

  /** The argument could not be read, and why. */
  record ErrorArg(String message, String label) implements Argument {}
}
