package dev.skep.events;

/**
 * Who a process acts as, in the sense of credentials(7). Ids are the host's, unsigned.
 *
 * @param secureBits as prctl(PR_GET_SECUREBITS) has them
 */
public record Credentials(
    int uid,
    int gid,
    int euid,
    int egid,
    int suid,
    int sgid,
    int fsuid,
    int fsgid,
    int secureBits,
    Capabilities capabilities,
    UserNamespace userNamespace) {}
