package dev.skep.agent.event;

import dev.skep.events.Hook;
import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Hook.Place;
import dev.skep.policy.Policy;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One edition of a policy, as its events tell of it.
 *
 * @param hooks by the index of the hook in its policy
 */
public record WatchedPolicy(String uid, long generation, Map<Integer, WatchedHook> hooks) {
  public WatchedPolicy {
    hooks = Map.copyOf(hooks);
  }

  /**
   * @param kind which kind of event tells of it
   * @param call as the policy writes it
   * @param labels of the arguments, empty for those that have none
   * @param returned as what the return value is read; null where nobody asks for it
   */
  public record WatchedHook(
      Kind kind,
      Hook told,
      String call,
      List<String> labels,
      @Nullable ArgumentType returned,
      String returnedLabel) {
    public WatchedHook {
      labels = List.copyOf(labels);
    }

    /** Empty where the edition that this was made of has no such argument. */
    String label(int position) {
      return position < labels.size() ? labels.get(position) : "";
    }
  }

  /** What its hooks are, as events tell it. */
  public enum Kind {
    KPROBE,
    LSM
  }

  /**
   * @param functionPrefix what the kernel of this architecture puts before a system call's name,
   *     such as {@code __x64_sys_}
   */
  public static WatchedPolicy of(Policy policy, String functionPrefix) {
    var hooks = new TreeMap<Integer, WatchedHook>();
    for (var hook : policy.hooks()) {
      var function =
          switch (hook.place()) {
            case Place.Syscall(var name) -> functionPrefix + name;
            case Place.Function(var symbol, _) -> symbol;
            case Place.LsmHook(var name) -> name;
          };
      var returned = hook.returned();
      hooks.put(
          hook.index(),
          new WatchedHook(
              hook.place() instanceof Place.LsmHook ? Kind.LSM : Kind.KPROBE,
              new Hook(function, policy.name(), orEmpty(hook.message()), hook.tags()),
              hook.call(),
              hook.arguments().stream().map(a -> orEmpty(a.label())).toList(),
              returned == null ? null : returned.type(),
              returned == null ? "" : orEmpty(returned.label())));
    }
    return new WatchedPolicy(policy.uid(), policy.generation(), hooks);
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
