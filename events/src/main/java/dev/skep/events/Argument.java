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

  /**
   * A {@code struct sock} or {@code struct socket}. Numbers are unsigned; texts that do not apply
   * are empty.
   *
   * @param family such as {@code AF_INET}, as {@code type}, {@code protocol} and {@code state}
   */
  record SockArg(
      String family,
      String type,
      String protocol,
      int mark,
      int priority,
      String source,
      String destination,
      int sourcePort,
      int destinationPort,
      long cookie,
      String state,
      String label)
      implements Argument {}

  /**
   * A packet: {@code struct sk_buff}. Numbers are unsigned; texts that do not apply are empty.
   *
   * @param number of the protocol
   * @param securityPath how many transformations of IPsec, as {@code offloaded} of those by
   *     hardware
   */
  record SkbArg(
      int hash,
      int length,
      int priority,
      int mark,
      String source,
      String destination,
      int sourcePort,
      int destinationPort,
      int number,
      int securityPath,
      int offloaded,
      String protocol,
      String family,
      String label)
      implements Argument {}

  /**
   * A {@code struct sockaddr}.
   *
   * @param address or the name of a unix socket
   */
  record SockaddrArg(String family, String address, int port, String label) implements Argument {}

  /**
   * A {@code struct sockaddr_un}.
   *
   * @param path or a name that is none, after an at sign
   */
  record SockaddrUnArg(String family, String path, String label) implements Argument {}

  /** A {@code struct net_device}. */
  record NetDevArg(String name, String label) implements Argument {}

  /** A buffer, whole. */
  record BytesArg(Bytes value, String label) implements Argument {}

  /**
   * The beginning of a buffer.
   *
   * @param originalSize bytes the call was given
   */
  record TruncatedBytesArg(Bytes value, long originalSize, String label) implements Argument {}

  /**
   * A system call.
   *
   * @param abi of the program that made it, such as {@code x64}
   */
  record SyscallArg(int number, String abi, String label) implements Argument {}

  /** The argument could not be read, and why. */
  record ErrorArg(String message, String label) implements Argument {}
}
