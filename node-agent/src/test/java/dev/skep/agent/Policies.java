package dev.skep.agent;

import dev.skep.policy.Hook;
import dev.skep.policy.Hook.Action;
import dev.skep.policy.Hook.Argument;
import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Hook.Selector;
import dev.skep.policy.LabelSelector;
import dev.skep.policy.Policy;
import dev.skep.policy.Scope;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Policies as trees. */
public final class Policies {
  private Policies() {}

  /** Kills writes to {@code path}. */
  public static Policy killWrites(String uid, long generation, String path) {
    return policy(uid, generation, syscall("write", selector(path, new Action(true, 9))));
  }

  public static Policy policy(String uid, long generation, Hook... hooks) {
    return policy(uid, generation, Scope.EVERYTHING, hooks);
  }

  public static Policy policy(String uid, long generation, Scope scope, Hook... hooks) {
    return new Policy(
        "name-of-" + uid, uid, generation, false, LabelSelector.EVERYTHING, scope, List.of(hooks));
  }

  public static Hook syscall(String name, Selector... selectors) {
    return syscall(name, null, selectors);
  }

  public static Hook syscall(String name, @Nullable Argument returned, Selector... selectors) {
    return new Hook(
        0,
        "spec.kprobes[0]",
        "sys_" + name,
        new Hook.Place.Syscall(name),
        List.of(
            new Argument(0, ArgumentType.FD, OptionalInt.empty(), "file"),
            new Argument(1, ArgumentType.CHAR_BUF, OptionalInt.of(2), null),
            new Argument(2, ArgumentType.SIZE, OptionalInt.empty(), null)),
        returned,
        List.of(selectors),
        "a message",
        List.of("a-tag"));
  }

  public static Selector selector(String path, Action action) {
    return new Selector(
        null,
        List.of(),
        List.of(new Hook.ArgumentFilter(0, false, new Hook.Matching.TextOneOf(Set.of(path)))),
        action);
  }
}
