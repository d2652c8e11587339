package dev.skep.policy;

import dev.skep.crds.v1alpha1.ActionSpec;
import dev.skep.policy.ast.Action;
import dev.skep.policy.ast.ArgumentType;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A list of actions. */
final class ActionReader {
  private static final int SIGKILL = 9;
  private static final long LONGEST_LIMIT = 365L * 24 * 60 * 60;
  private static final Pattern LIMIT = Pattern.compile("([0-9]{1,9})([sSmMhH]?)");
  private static final Pattern URL = Pattern.compile("https?://[!-~]+");
  private static final Set<String> OF_LSM_HOOKS =
      Set.of("Post", "NoPost", "Sigkill", "Signal", "Override");

  private final Problems problems;
  private final HookContext hook;
  private final boolean onReturn;

  /**
   * @param onReturn whether they are taken when the call returns
   */
  ActionReader(Problems problems, HookContext hook, boolean onReturn) {
    this.problems = problems;
    this.hook = hook;
    this.onReturn = onReturn;
  }

  List<Action> readAll(List<ActionSpec> specs, String path) {
    var actions = Entries.each(specs, path, this::read);
    if (actions.stream().anyMatch(Action.Post.class::isInstance)
        && actions.stream().anyMatch(Action.NoPost.class::isInstance)) {
      problems.invalid(path, "has Post and NoPost; keep one of them");
    }
    return actions;
  }

  private @Nullable Action read(ActionSpec spec, String path) {
    if (spec.action() == null) {
      return null; // reported as missing
    }
    boolean posts = spec.action().equals("Post");
    if (!posts) {
      refusePostOptions(spec, path);
    }
    if (!fitsHook(spec.action(), path + ".action")) {
      return null;
    }
    return switch (spec.action()) {
      case "Post" -> readPost(spec, path);
      case "NoPost" -> new Action.NoPost(path);
      case "Sigkill" -> new Action.Signal(path, SIGKILL);
      case "Signal" -> readSignal(spec, path);
      case "Override" -> readOverride(spec, path);
      case "NotifyEnforcer" ->
          new Action.NotifyEnforcer(path, whole(spec.argError()), whole(spec.argSig()));
      case "CleanupEnforcerNotification" -> new Action.CleanupEnforcerNotification(path);
      case "TrackSock" -> {
        var sock = readSock(spec, path);
        yield sock.isPresent() ? new Action.TrackSock(path, sock.getAsInt()) : null;
      }
      case "UntrackSock" -> {
        var sock = readSock(spec, path);
        yield sock.isPresent() ? new Action.UntrackSock(path, sock.getAsInt()) : null;
      }
      case "GetUrl" -> readUrl(spec.argUrl(), path);
      case "DnsLookup" -> readFqdn(spec.argFqdn(), path);
      case "Set" -> {
        problems.invalid(path + ".action", "is Set, which belongs to usdts");
        yield null;
      }
      default -> throw new AssertionError("the shape lets no " + spec.action() + " through");
    };
  }

  private static int whole(@Nullable Long number) {
    return number == null ? 0 : Math.toIntExact(number);
  }

  private boolean fitsHook(String action, String path) {
    if (hook.place() == HookPlace.LSM_HOOK && !OF_LSM_HOOKS.contains(action)) {
      problems.invalid(
          path, "is " + action + "; lsmhooks take Post, NoPost, Sigkill, Signal and Override");
      return false;
    }
    if (!action.equals("Override")) {
      return true;
    }
    if (hook.place().isTracepoint()) {
      problems.invalid(
          path,
          "is Override, but a tracepoint returns nothing that could be replaced; hook the call"
              + " itself with kprobes or lsmhooks");
      return false;
    }
    if (onReturn) {
      problems.invalid(
          path, "is Override, but the call was carried out by then; put it into matchActions");
      return false;
    }
    return true;
  }

  /** Other options that have no meaning for an action are ignored, as Tetragon does. */
  private void refusePostOptions(ActionSpec spec, String path) {
    refuse(hasText(spec.rateLimit()), path + ".rateLimit", "Post");
    refuse(hasText(spec.rateLimitScope()), path + ".rateLimitScope", "Post");
    refuse(Boolean.TRUE.equals(spec.kernelStackTrace()), path + ".kernelStackTrace", "Post");
    refuse(Boolean.TRUE.equals(spec.userStackTrace()), path + ".userStackTrace", "Post");
    refuse(Boolean.TRUE.equals(spec.imaHash()), path + ".imaHash", "Post");
  }

  private void refuse(boolean asked, String path, String action) {
    if (asked) {
      problems.invalid(path, "belongs to the action " + action);
    }
  }

  private static boolean hasText(@Nullable String text) {
    return text != null && !text.isEmpty();
  }

  private Action readPost(ActionSpec spec, String path) {
    boolean lsm = hook.place() == HookPlace.LSM_HOOK;
    boolean kernelStack = Boolean.TRUE.equals(spec.kernelStackTrace());
    boolean userStack = Boolean.TRUE.equals(spec.userStackTrace());
    boolean imaHash = Boolean.TRUE.equals(spec.imaHash());
    if (lsm && kernelStack) {
      problems.invalid(path + ".kernelStackTrace", "is there, but lsmhooks have no stack traces");
    }
    if (lsm && userStack) {
      problems.invalid(path + ".userStackTrace", "is there, but lsmhooks have no stack traces");
    }
    if (!lsm && imaHash) {
      problems.invalid(path + ".imaHash", "belongs to lsmhooks of files and executables");
    }
    return new Action.Post(path, readRateLimit(spec, path), kernelStack, userStack, imaHash);
  }

  private Action.@Nullable RateLimit readRateLimit(ActionSpec spec, String path) {
    var text = spec.rateLimit();
    if (text == null || text.isEmpty()) {
      if (hasText(spec.rateLimitScope())) {
        problems.invalid(
            path + ".rateLimitScope", "is there, but rateLimit is missing; add it, such as 1m");
      }
      return null;
    }
    var limit = LIMIT.matcher(text);
    long seconds = 0;
    if (limit.matches()) {
      seconds =
          Long.parseLong(limit.group(1))
              * switch (limit.group(2).toLowerCase(Locale.ROOT)) {
                case "m" -> 60;
                case "h" -> 60 * 60;
                default -> 1;
              };
    }
    if (seconds < 1 || seconds > LONGEST_LIMIT) {
      problems.invalid(
          path + ".rateLimit",
          "is "
              + Text.quote(text)
              + ", must be a number of seconds, or with s, m or h, such as 1m; at most 8760h");
      return null;
    }
    var scope =
        switch (spec.rateLimitScope()) {
          case "process" -> Action.RateLimit.Scope.PROCESS;
          case "global" -> Action.RateLimit.Scope.GLOBAL;
          case null, default -> Action.RateLimit.Scope.THREAD;
        };
    return new Action.RateLimit(seconds, scope);
  }

  private @Nullable Action readSignal(ActionSpec spec, String path) {
    if (spec.argSig() == null || spec.argSig() == 0) {
      problems.invalid(path + ".argSig", "is missing, but Signal needs a number from 1 to 64");
      return null;
    }
    return new Action.Signal(path, whole(spec.argSig()));
  }

  private @Nullable Action readOverride(ActionSpec spec, String path) {
    refuseOfUprobes(!spec.argRegs().isEmpty(), path + ".argRegs");
    refuseOfUprobes(hasText(spec.argNewSymbol()), path + ".argNewSymbol");
    refuseOfUprobes(spec.argNewAddr() != null, path + ".argNewAddr");
    refuseOfUprobes(spec.argNewOffset() != null, path + ".argNewOffset");
    if (spec.argError() == null) {
      problems.invalid(
          path + ".argError",
          "is missing, but Override needs what the call returns instead, such as -1 for EPERM");
      return null;
    }
    return new Action.OverrideReturn(path, whole(spec.argError()));
  }

  private void refuseOfUprobes(boolean asked, String path) {
    if (asked) {
      problems.invalid(path, "belongs to an Override of uprobes");
    }
  }

  private OptionalInt readSock(ActionSpec spec, String path) {
    long index = spec.argSock() == null ? 0 : spec.argSock();
    var position = hook.arguments().find(index);
    if (position.isEmpty()) {
      if (!hook.arguments().areDoubtful()) {
        problems.invalid(
            path + ".argSock",
            "is "
                + index
                + ", but "
                + hook.arguments().indexes()
                + "; add the socket there, as type: sock");
      }
      return OptionalInt.empty();
    }
    var argument = hook.arguments().at(position.getAsInt());
    var type = argument.argument().type();
    if (argument.known() && type != ArgumentType.SOCK && type != ArgumentType.AUTO) {
      problems.invalid(
          path + ".argSock",
          "is " + index + ", an argument of type " + type.words().getFirst() + ", must be a sock");
      return OptionalInt.empty();
    }
    return argument.known() ? position : OptionalInt.empty();
  }

  private @Nullable Action readUrl(@Nullable String url, String path) {
    if (url == null || !URL.matcher(url).matches()) {
      problems.invalid(
          path + ".argUrl",
          (url == null ? "is missing" : "is " + Text.quote(url))
              + ", must be a URL that begins with http:// or https://");
      return null;
    }
    return new Action.GetUrl(path, url);
  }

  private @Nullable Action readFqdn(@Nullable String fqdn, String path) {
    if (fqdn == null || !Names.isSubdomain(fqdn.toLowerCase(Locale.ROOT))) {
      problems.invalid(
          path + ".argFqdn",
          (fqdn == null ? "is missing" : "is " + Text.quote(fqdn))
              + ", must be the name of a host, such as canary.example.org");
      return null;
    }
    return new Action.DnsLookup(path, fqdn);
  }
}
