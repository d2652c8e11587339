package dev.skep.events;

/**
 * The fields of {@link ContainerFacts} as they follow others in a process's JSON object.
 *
 * @param of what was encoded
 * @param bytes UTF-8; to be read only
 * @param pidAt where {@code pid} and {@code maybe_exec_probe} of the process belong; -1 if the pod
 *     is not known
 */
public record ContainerJson(ContainerFacts of, byte[] bytes, int pidAt) {}
