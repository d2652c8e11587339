package dev.skep.agent.kube;

/** The API server is away or refuses. The message says what was tried on what. */
public final class ClusterException extends Exception {
  private static final long serialVersionUID = 1;

  public ClusterException(String message, Throwable cause) {
    super(message, cause);
  }
}
