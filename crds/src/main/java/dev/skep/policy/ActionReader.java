package dev.skep.policy;

import dev.skep.crds.v1alpha1.ActionSpec;
import dev.skep.policy.Hook.Action;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A list of actions, which together are one: at most one signal, and whether to tell. */
final class ActionReader {
  private static final long SIGKILL = 9;

  private final Problems problems;
  private final String path;

  ActionReader(Problems problems, String path) {
    this.problems = problems;
    this.path = path;
  }

  /** Every action but NoPost tells, as Tetragon's does. */
  Action read(List<ActionSpec> specs) {
    boolean post = true;
    boolean asksToPost = false;
    int signal = 0;
    for (int i = 0; i < specs.size(); i++) {
      var spec = specs.get(i);
      var at = Path.item(path, i);
      checkOptions(spec, at);
      switch (spec.action()) {
        case null -> {} // reported as missing
        case "Post" -> asksToPost = true;
        case "NoPost" -> post = false;
        case "Sigkill" -> signal = readSignal(signal, SIGKILL, at);
        case "Signal" -> signal = readSignal(signal, spec.argSig(), at);
        default ->
            problems.unsupported(
                at + ".action",
                "the action "
                    + spec.action()
                    + "; Post, NoPost, Sigkill and Signal can be carried out");
      }
    }
    if (asksToPost && !post) {
      problems.invalid(path, "has Post and NoPost; keep one of them");
    }
    return new Action(post, signal);
  }

  private int readSignal(int earlier, @Nullable Long signal, String at) {
    if (signal == null || signal == 0) {
      problems.invalid(at + ".argSig", "is missing, but Signal needs a number from 1 to 64");
      return earlier;
    }
    if (earlier != 0 && earlier != signal) {
      problems.unsupported(at + ".action", "two signals of one selector; keep one");
    }
    return Math.toIntExact(signal);
  }

  /** Options that have no meaning for an action are ignored, as Tetragon does. */
  private void checkOptions(ActionSpec spec, String at) {
    boolean posts = "Post".equals(spec.action());
    checkPostOption(hasText(spec.rateLimit()), posts, at + ".rateLimit", "limiting the rate");
    checkPostOption(
        hasText(spec.rateLimitScope()), posts, at + ".rateLimitScope", "limiting the rate");
    checkPostOption(
        Boolean.TRUE.equals(spec.kernelStackTrace()),
        posts,
        at + ".kernelStackTrace",
        "stack traces");
    checkPostOption(
        Boolean.TRUE.equals(spec.userStackTrace()), posts, at + ".userStackTrace", "stack traces");
    checkPostOption(
        Boolean.TRUE.equals(spec.imaHash()), posts, at + ".imaHash", "digests of files");
  }

  private void checkPostOption(boolean asked, boolean posts, String at, String what) {
    if (asked && posts) {
      problems.unsupported(at, what + "; delete it");
    } else if (asked) {
      problems.invalid(at, "belongs to the action Post");
    }
  }

  private static boolean hasText(@Nullable String text) {
    return text != null && !text.isEmpty();
  }
}
