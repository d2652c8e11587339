package dev.skep.policy;

/**
 * What a policy does not do that its author may think it does. The policy can be carried out all
 * the same.
 *
 * @param path of the field, such as {@code spec.kprobes[0].selectors[1].matchArgs[0]}
 * @param message what is so, and what would be better
 */
public record Warning(String path, String message) {
  @Override
  public String toString() {
    return path + ": " + message;
  }
}
