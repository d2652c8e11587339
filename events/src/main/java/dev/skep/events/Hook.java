package dev.skep.events;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Where a policy's hook sits and what the policy says of it: made once for each loaded hook and
 * shared by all of its events.
 *
 * @param function the function as the kernel names it, such as {@code __x64_sys_write}
 * @param message the policy's own words, empty if it has none
 */
public record Hook(String function, String policy, String message, List<String> tags) {
  public Hook {
    function = wellFormed(function);
    policy = wellFormed(policy);
    message = wellFormed(message);
    tags = tags.stream().map(Hook::wellFormed).toList();
  }

  /**
   * A policy's text comes from YAML, whose escapes can make half a surrogate pair: JSON could carry
   * that, but no protobuf client would read it.
   */
  private static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }
}
