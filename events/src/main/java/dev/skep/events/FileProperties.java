package dev.skep.events;

/**
 * A file that has no name any more, or never had one.
 *
 * @param inode its number, unsigned
 * @param links how many names it has; 0 for what was deleted or lives in memory alone
 * @param path the last that is known of it, may be empty; made by {@link KernelText}
 */
public record FileProperties(long inode, int links, String path) {}
