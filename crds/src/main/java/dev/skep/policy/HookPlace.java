package dev.skep.policy;

/** Where arguments come from, and so how many there can be. */
enum HookPlace {
  SYSCALL("a system call", 6),
  /** As many as the kernel's trampolines pass on; which of them a kprobe reaches, a node says. */
  FUNCTION("a function", 12),
  TRACEPOINT("a tracepoint", 64),
  RAW_TRACEPOINT("a raw tracepoint", 12),
  LSM_HOOK("a hook", 12);

  private final String text;
  private final int arguments;

  HookPlace(String text, int arguments) {
    this.text = text;
    this.arguments = arguments;
  }

  /** At most. */
  int arguments() {
    return arguments;
  }

  boolean isTracepoint() {
    return this == TRACEPOINT || this == RAW_TRACEPOINT;
  }

  @Override
  public String toString() {
    return text;
  }
}
