package dev.skep.events;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is special about the file of an exec.
 *
 * @param setuid the user that the file's mode made the process's effective one, unsigned; null if
 *     it did not
 * @param setgid the group, the same way
 * @param file null where the file is an ordinary one
 */
public record BinaryProperties(
    @Nullable Integer setuid,
    @Nullable Integer setgid,
    Set<PrivilegesChanged> privilegesChanged,
    @Nullable FileProperties file) {
  public BinaryProperties {
    privilegesChanged = Set.copyOf(privilegesChanged);
  }
}
