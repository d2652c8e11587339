package dev.skep.policy.ast;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * @param raw whether arguments are the kernel's own, not the fields of the event's format
 */
public record Tracepoint(
    String path,
    String subsystem,
    String event,
    boolean raw,
    List<Argument> arguments,
    List<Selector> selectors,
    @Nullable String message,
    List<String> tags)
    implements PolicyHook {
  public Tracepoint {
    arguments = List.copyOf(arguments);
    selectors = List.copyOf(selectors);
    tags = List.copyOf(tags);
  }
}
