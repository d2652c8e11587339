package dev.skep.policy.ast;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A hook of the kernel's security modules.
 *
 * @param hook its name, such as {@code file_open}
 */
public record LsmHook(
    String path,
    String hook,
    List<Argument> arguments,
    List<Selector> selectors,
    @Nullable String message,
    List<String> tags)
    implements PolicyHook {
  public LsmHook {
    arguments = List.copyOf(arguments);
    selectors = List.copyOf(selectors);
    tags = List.copyOf(tags);
  }
}
