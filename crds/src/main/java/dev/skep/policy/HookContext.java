package dev.skep.policy;

import dev.skep.policy.ast.Argument;
import org.jspecify.annotations.Nullable;

/**
 * What a selector may refer to.
 *
 * @param returns whether the hook's return value is read
 * @param returned null: there is none, or it is wrong, which was reported
 */
record HookContext(
    Arguments arguments, boolean returns, @Nullable Argument returned, ValueLists lists) {
  HookPlace place() {
    return arguments.place();
  }
}
