package dev.skep.agent.event;

import dev.skep.agent.event.WatchedPolicy.Kind;
import dev.skep.agent.event.WatchedPolicy.WatchedHook;
import dev.skep.bpf.KernelRecord;
import dev.skep.events.Hook;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The policies that records may speak of, by uid. An edition is told of before it is loaded, and
 * the one before it is kept, since its last records come late. Any thread.
 */
public final class PolicyBook {
  private record Editions(WatchedPolicy now, @Nullable WatchedPolicy before) {

    /**
     * A program that was not loaded anew keeps the version of an older generation: what matches no
     * version is the newest.
     */
    WatchedPolicy of(int version) {
      return before != null && (int) before.generation() == version ? before : now;
    }
  }

  private final Map<String, Editions> policies = new ConcurrentHashMap<>();

  /** From now on records of this uid are read by this edition. */
  public void put(WatchedPolicy policy) {
    policies.compute(
        policy.uid(),
        (_, old) ->
            old != null && old.now().equals(policy)
                ? old
                : new Editions(policy, old == null ? null : old.now()));
  }

  /** The edition could not be loaded: the one before it goes on acting. */
  public void takeBack(WatchedPolicy policy) {
    policies.computeIfPresent(
        policy.uid(),
        (_, editions) ->
            !editions.now().equals(policy)
                ? editions
                : editions.before() == null ? null : new Editions(editions.before(), null));
  }

  public void remove(String uid) {
    policies.remove(uid);
  }

  /** The edition that a record of this version speaks of; null if the uid is not known. */
  public @Nullable WatchedPolicy find(String uid, int version) {
    var editions = policies.get(uid);
    return editions == null ? null : editions.of(version);
  }

  /**
   * The hook that a record speaks of. A policy that an earlier agent loaded and that nobody has
   * told this one of yet goes by its uid.
   */
  WatchedHook hook(KernelRecord.Hook hook) {
    var policy = find(hook.policy(), hook.version());
    var known = policy == null ? null : policy.hooks().get(hook.hook());
    if (known != null) {
      return known;
    }
    var call = "call_" + hook.point();
    return new WatchedHook(
        Kind.KPROBE,
        "",
        new Hook(call, hook.policy(), "", List.of()),
        Map.of(),
        Map.of(),
        call,
        List.of(),
        null,
        "");
  }
}
