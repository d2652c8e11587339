package dev.skep.crds.v1alpha1;

/** Processes of the workloads that a policy selects, counted in the kernel, sent or not. */
public record ProcessEvents(long exec, long exit, long fork) {
  public static final ProcessEvents NONE = new ProcessEvents(0, 0, 0);

  public ProcessEvents plus(ProcessEvents other) {
    return new ProcessEvents(exec + other.exec, exit + other.exit, fork + other.fork);
  }
}
