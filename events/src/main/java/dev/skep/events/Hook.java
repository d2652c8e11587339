package dev.skep.events;

import static dev.skep.events.KernelText.wellFormed;

import java.util.List;

/**
 * Where a policy's hook sits and what the policy says of it: made once for each loaded hook and
 * shared by all of its events.
 *
 * @param function the function as the kernel names it, such as {@code __x64_sys_write}; of a
 *     tracepoint the event
 * @param message the policy's own words, empty if it has none
 */
public record Hook(String function, String policy, String message, List<String> tags) {
  public Hook {
    function = wellFormed(function);
    policy = wellFormed(policy);
    message = wellFormed(message);
    tags = tags.stream().map(KernelText::wellFormed).toList();
  }
}
