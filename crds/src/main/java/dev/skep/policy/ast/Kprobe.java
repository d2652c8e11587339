package dev.skep.policy.ast;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Functions of the kernel, from {@code kprobes} or {@code fentries}.
 *
 * @param fentry whether it has to be attached by trampoline
 * @param call as written: a name, or {@code list:} and the name of a list
 * @param calls what that means, at least one
 * @param callNotFound whether calls that the kernel lacks are left out
 * @param returned null: the return value is not asked for
 */
public record Kprobe(
    String path,
    boolean fentry,
    String call,
    List<Call> calls,
    boolean callNotFound,
    List<Argument> arguments,
    @Nullable Argument returned,
    ReturnArgAction returnArgAction,
    List<Selector> selectors,
    @Nullable String message,
    List<String> tags)
    implements PolicyHook {
  public Kprobe {
    calls = List.copyOf(calls);
    arguments = List.copyOf(arguments);
    selectors = List.copyOf(selectors);
    tags = List.copyOf(tags);
    if (calls.isEmpty()) {
      throw new IllegalArgumentException(path + " calls nothing");
    }
  }

  public enum ReturnArgAction {
    POST,
    TRACK_SOCK,
    UNTRACK_SOCK
  }
}
