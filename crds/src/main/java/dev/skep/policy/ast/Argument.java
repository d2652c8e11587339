package dev.skep.policy.ast;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * An argument to read and report; of type {@link ArgumentType#NOP} one to leave alone.
 *
 * @param index which argument of the call, or field of the tracepoint, from 0
 * @param sizeIndex the argument, from 0, that holds the length of this one
 * @param returnCopy whether it is read when the call returns
 * @param maxData whether it is reported up to the largest length there is
 */
public record Argument(
    String path,
    int index,
    ArgumentType type,
    OptionalInt sizeIndex,
    boolean returnCopy,
    boolean maxData,
    @Nullable String label) {
  public Argument {
    if (index < 0 || sizeIndex.orElse(0) < 0) {
      throw new IllegalArgumentException(path + " has a negative index");
    }
    if (sizeIndex.isPresent() && !type.hasLength()) {
      throw new IllegalArgumentException(path + ": " + type + " has no length");
    }
  }
}
