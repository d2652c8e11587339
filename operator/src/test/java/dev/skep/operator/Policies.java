package dev.skep.operator;

/** Policies as users write them. */
final class Policies {
  private Policies() {}

  /** Kills who writes to {@code path}, on nodes with the label {@code pool}. */
  static String protect(String name, String pool, String path) {
    return """
    apiVersion: skep.dev/v1alpha1
    kind: TracingPolicy
    metadata: {name: %s}
    spec:
      nodeSelector: {matchLabels: {pool: %s}}
      kprobes:
      - call: sys_write
        syscall: true
        args: [{index: 0, type: fd}]
        selectors:
        - matchArgs: [{index: 0, operator: Equal, values: ["%s"]}]
          matchActions: [{action: Sigkill}]
    """
        .formatted(name, pool, path);
  }

  /** Only tells of writes, on nodes with the label {@code pool}. */
  static String watch(String name, String pool) {
    return """
    apiVersion: skep.dev/v1alpha1
    kind: TracingPolicy
    metadata: {name: %s}
    spec:
      nodeSelector: {matchLabels: {pool: %s}}
      kprobes:
      - call: sys_write
        syscall: true
        args: [{index: 0, type: fd}]
    """
        .formatted(name, pool);
  }

  /** The same, for the pods of one namespace. */
  static String in(String namespace, String policy) {
    return policy
        .replace("kind: TracingPolicy", "kind: TracingPolicyNamespaced")
        .replace("metadata: {", "metadata: {namespace: " + namespace + ", ");
  }
}
