package dev.skep.e2e;

import java.nio.file.Path;

/** The policies that the tests use, as a user would write them. */
final class Policies {
  private Policies() {}

  /** Kills whoever writes to {@code file}, but for processes that are PID 1 of their namespace. */
  static String protect(String name, Path file) {
    return protect(name, file, "enforce", "");
  }

  /**
   * @param extra further lines of {@code spec}, indented by two
   */
  static String protect(String name, Path file, String mode, String extra) {
    return """
    apiVersion: skep.dev/v1alpha1
    kind: TracingPolicy
    metadata: {name: %s}
    spec:
      mode: %s
    %s
      kprobes:
      - call: sys_write
        message: somebody wrote to a protected file
        args:
        - {index: 0, type: fd}
        - {index: 1, type: char_buf, sizeArgIndex: 3}
        - {index: 2, type: size_t}
        selectors:
        - matchArgs:
          - {index: 0, operator: Equal, values: ["%s"]}
          matchPIDs:
          - {operator: NotIn, isNamespacePID: true, values: [0, 1]}
          matchActions:
          - {action: Sigkill}
    """
        .formatted(name, mode, extra, file);
  }

  /** Reports every write below {@code folder}. */
  static String watch(String name, Path folder) {
    return """
    apiVersion: skep.dev/v1alpha1
    kind: TracingPolicy
    metadata: {name: %s}
    spec:
      kprobes:
      - call: sys_write
        args:
        - {index: 0, type: fd}
        - {index: 2, type: size_t}
        selectors:
        - matchArgs:
          - {index: 0, operator: Prefix, values: ["%s/"]}
    """
        .formatted(name, folder);
  }
}
