package dev.skep.nodeconfig;

/** A node's ConfigMap is not what the operator writes. The message names the key. */
public final class MalformedConfigException extends Exception {
  private static final long serialVersionUID = 1;

  public MalformedConfigException(String message) {
    super(message);
  }
}
