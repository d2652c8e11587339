package dev.skep.events;

/**
 * One namespace of the kernel.
 *
 * @param inum its inode number as {@code /proc/PID/ns} shows it, unsigned; 0 where the kernel has
 *     no namespaces of this kind, and then it is left out of the wire form
 * @param host whether it is that of the node's first process
 */
public record Namespace(int inum, boolean host) {
  public static final Namespace NONE = new Namespace(0, false);
}
