package dev.skep.bpf;

/**
 * What the programs that follow the life of processes are attached to. They tell the same whatever
 * it is.
 */
public record ProcessHooks(
    Attachment fork, Attachment exec, Attachment exit, Attachment credentials) {

  public enum Attachment {
    FENTRY,
    KPROBE,
    TRACEPOINT,
    /** The kernel has nothing to attach to; only possible for the credentials. */
    NONE
  }
}
