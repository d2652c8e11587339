package dev.skep.events;

/**
 * A user namespace and who made it.
 *
 * @param level how deep it lies; 0 is the host's
 * @param uid its maker's user in the host's ids, unsigned
 * @param gid its maker's group, the same way
 */
public record UserNamespace(int level, int uid, int gid, Namespace namespace) {}
