package dev.skep.policy;

import dev.skep.crds.v1alpha1.TracingPolicySpec;
import dev.skep.policy.ast.PolicyHook;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The meaning of a spec whose shape is known to be right, or was reported. */
final class SpecReader {
  private final Problems problems;

  SpecReader(Problems problems) {
    this.problems = problems;
  }

  /** Who the policy is, apart from what it says. */
  record Identity(String name, @Nullable String namespace, String uid, long generation) {}

  /** If there are problems, only what is right. */
  PolicyTree read(Identity identity, TracingPolicySpec spec) {
    var options = new OptionReader(problems).read(spec.options(), spec.mode());
    var nodes =
        new LabelSelectorReader(problems, SelectorWords.LABELS)
            .read(spec.nodeSelector(), "spec.nodeSelector");
    var scope = new ScopeReader(problems).read(identity.namespace(), spec);
    refuseLater(spec);
    var lists = ValueLists.read(spec.lists(), problems);
    var hooks = readHooks(spec, new HookReader(problems, lists));
    if (hooks.isEmpty() && !problems.any()) {
      problems.invalid("spec", "watches nothing; add kprobes");
    }
    return new PolicyTree(
        identity.name(),
        identity.uid(),
        identity.generation(),
        options.monitor(),
        options.enforceAt(),
        options.overrideMethod(),
        nodes,
        scope,
        hooks);
  }

  private static List<PolicyHook> readHooks(TracingPolicySpec spec, HookReader reader) {
    var hooks = new ArrayList<PolicyHook>();
    hooks.addAll(Entries.each(spec.kprobes(), "spec.kprobes", reader::readKprobe));
    hooks.addAll(Entries.each(spec.fentries(), "spec.fentries", reader::readFentry));
    hooks.addAll(Entries.each(spec.tracepoints(), "spec.tracepoints", reader::readTracepoint));
    hooks.addAll(Entries.each(spec.lsmhooks(), "spec.lsmhooks", reader::readLsmHook));
    return hooks;
  }

  /** What is known of the language, but not read yet. */
  private void refuseLater(TracingPolicySpec spec) {
    refuse(spec.uprobes(), "uprobes", "functions of programs and libraries");
    refuse(spec.usdts(), "usdts", "probes of programs");
    refuse(spec.enforcers(), "enforcers", "enforcers");
    refuse(spec.selectorsMacros().values(), "selectorsMacros", "macros of selectors");
    if (Boolean.TRUE.equals(spec.loader())) {
      problems.unsupported("spec.loader", "events of loaded libraries");
    }
  }

  private void refuse(Collection<?> entries, String field, String what) {
    if (!entries.isEmpty()) {
      problems.unsupported("spec." + field, what);
    }
  }
}
