package dev.skep.events;

/**
 * Rights of a process as sets of bits, the lowest being capability 0 (CAP_CHOWN).
 *
 * @param permitted what it may make effective
 * @param effective what the kernel checks
 * @param inheritable what may be kept over an exec
 */
public record Capabilities(long permitted, long effective, long inheritable) {}
