package dev.skep.policy;

import dev.skep.crds.v1alpha1.HookSpec.KprobeSpec;
import dev.skep.crds.v1alpha1.HookSpec.LsmHookSpec;
import dev.skep.crds.v1alpha1.HookSpec.TracepointSpec;
import dev.skep.policy.ast.LsmHook;
import dev.skep.policy.ast.PolicyHook;
import dev.skep.policy.ast.Tracepoint;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One entry of a list of hooks. Null: it is wrong, and told. */
final class HookReader {
  /** They become part of a path of tracefs. */
  private static final Pattern EVENT = Pattern.compile("[A-Za-z0-9_][-A-Za-z0-9_]{0,127}");

  private static final Pattern LSM_HOOK = Pattern.compile("[a-z][a-z0-9_]{0,127}");
  private static final String BPF_LSM = "bpf_lsm_";
  private static final String SECURITY = "security_";

  private final Problems problems;
  private final ValueLists lists;

  HookReader(Problems problems, ValueLists lists) {
    this.problems = problems;
    this.lists = lists;
  }

  PolicyHook readKprobe(KprobeSpec spec, String path) {
    return new KprobeReader(problems, lists, path, false).read(spec);
  }

  PolicyHook readFentry(KprobeSpec spec, String path) {
    return new KprobeReader(problems, lists, path, true).read(spec);
  }

  @Nullable PolicyHook readTracepoint(TracepointSpec spec, String path) {
    boolean raw = Boolean.TRUE.equals(spec.raw());
    boolean named = isNamed(spec.subsystem(), EVENT, path + ".subsystem");
    named &= isNamed(spec.event(), EVENT, path + ".event");
    var arguments =
        new ArgumentReader(problems, raw ? HookPlace.RAW_TRACEPOINT : HookPlace.TRACEPOINT)
            .readAll(spec.args(), path + ".args");
    var selectors =
        new SelectorReader(problems, new HookContext(arguments, false, null, lists))
            .readAll(spec.selectors(), path + ".selectors");
    return !named || spec.subsystem() == null || spec.event() == null
        ? null
        : new Tracepoint(
            path,
            spec.subsystem(),
            spec.event(),
            raw,
            arguments.asList(),
            selectors,
            spec.message(),
            spec.tags());
  }

  @Nullable PolicyHook readLsmHook(LsmHookSpec spec, String path) {
    boolean named = isNamed(spec.hook(), LSM_HOOK, path + ".hook") && isBare(spec.hook(), path);
    var arguments =
        new ArgumentReader(problems, HookPlace.LSM_HOOK).readAll(spec.args(), path + ".args");
    var selectors =
        new SelectorReader(problems, new HookContext(arguments, false, null, lists))
            .readAll(spec.selectors(), path + ".selectors");
    return !named || spec.hook() == null
        ? null
        : new LsmHook(
            path, spec.hook(), arguments.asList(), selectors, spec.message(), spec.tags());
  }

  private boolean isNamed(@Nullable String name, Pattern pattern, String path) {
    if (name != null && !pattern.matcher(name).matches()) {
      problems.invalid(
          path,
          "is " + Text.quote(name) + ", must be a name of the kernel's: letters, digits and _");
      return false;
    }
    return name != null;
  }

  private boolean isBare(@Nullable String hook, String path) {
    for (var prefix : new String[] {BPF_LSM, SECURITY}) {
      if (hook != null && hook.startsWith(prefix)) {
        problems.invalid(
            path + ".hook",
            "is "
                + Text.quote(hook)
                + ", must be without prefix: "
                + Text.quote(hook.substring(prefix.length())));
        return false;
      }
    }
    return true;
  }
}
