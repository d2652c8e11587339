package dev.skep.policy;

import dev.skep.crds.v1alpha1.TracingPolicySpec;
import dev.skep.crds.v1alpha1.TracingPolicySpec.OptionSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The meaning of a spec whose shape is known to be right, or was reported. */
final class SpecReader {
  private static final String POLICY_MODE = "policy-mode";

  /** They only say how Tetragon attaches its programs. */
  private static final Set<String> WITHOUT_MEANING_HERE =
      Set.of("disable-kprobe-multi", "disable-uprobe-multi");

  private static final List<String> OPTIONS =
      List.of(
          POLICY_MODE,
          "disable-kprobe-multi",
          "disable-uprobe-multi",
          "override-method",
          "sleepable-preload-size");

  private final Problems problems;

  SpecReader(Problems problems) {
    this.problems = problems;
  }

  /** Who the policy is, apart from what it says. */
  record Identity(String name, @Nullable String namespace, String uid, long generation) {}

  @Nullable Policy read(Identity identity, TracingPolicySpec spec) {
    boolean monitor = readMonitor(spec);
    var nodes =
        new LabelSelectorReader(problems, SelectorWords.LABELS)
            .read(spec.nodeSelector(), "spec.nodeSelector");
    var scope = new ScopeReader(problems).read(identity.namespace(), spec);
    refuseOtherHooks(spec);
    var hooks = readHooks(spec);
    if (problems.any()) {
      return null;
    }
    if (hooks.isEmpty()) {
      problems.invalid("spec", "watches nothing; add kprobes");
      return null;
    }
    return new Policy(
        identity.name(), identity.uid(), identity.generation(), monitor, nodes, scope, hooks);
  }

  private List<Hook> readHooks(TracingPolicySpec spec) {
    var hooks = new ArrayList<Hook>();
    for (int i = 0; i < spec.kprobes().size(); i++) {
      var path = Path.item("spec.kprobes", i);
      var hook = new KprobeReader(problems, path).read(i, spec.kprobes().get(i));
      if (hook != null) {
        hooks.add(hook);
      }
    }
    return hooks;
  }

  private boolean readMonitor(TracingPolicySpec spec) {
    var mode = spec.mode();
    var names = new LinkedHashSet<String>();
    for (int i = 0; i < spec.options().size(); i++) {
      var option = spec.options().get(i);
      var path = Path.item("spec.options", i);
      var name = option.name();
      if (name == null) {
        continue;
      }
      if (!names.add(name)) {
        problems.invalid(path + ".name", "is " + Text.quote(name) + " for the second time");
      } else if (name.equals(POLICY_MODE)) {
        mode = readPolicyMode(option, path, mode, spec.mode());
      } else if (!WITHOUT_MEANING_HERE.contains(name)) {
        refuseOption(name, path);
      }
    }
    return "monitor".equals(mode);
  }

  private @Nullable String readPolicyMode(
      OptionSpec option, String path, @Nullable String mode, @Nullable String declared) {
    var value = option.value() == null ? "" : option.value();
    var modes = List.of("enforce", "monitor");
    if (!modes.contains(value)) {
      problems.invalid(
          path + ".value", "is " + Text.quote(value) + "; " + Text.instead(value, modes));
      return mode;
    }
    if (declared != null && !declared.equals(value)) {
      problems.invalid(
          path + ".value", "is " + value + ", but spec.mode is " + declared + "; keep one of them");
    }
    return value;
  }

  private void refuseOption(String name, String path) {
    if (OPTIONS.contains(name)) {
      problems.unsupported(path + ".name", "the option " + name);
    } else {
      problems.invalid(
          path + ".name", Text.quote(name) + " is not an option; " + Text.instead(name, OPTIONS));
    }
  }

  private void refuseOtherHooks(TracingPolicySpec spec) {
    refuse(spec.fentries(), "fentries", "functions of the kernel");
    refuse(spec.tracepoints(), "tracepoints", "tracepoints");
    refuse(spec.uprobes(), "uprobes", "functions of programs and libraries");
    refuse(spec.usdts(), "usdts", "probes of programs");
    refuse(spec.lsmhooks(), "lsmhooks", "hooks of the kernel's security modules");
    refuse(spec.lists(), "lists", "lists of values");
    refuse(spec.enforcers(), "enforcers", "enforcers");
    refuse(spec.selectorsMacros().values(), "selectorsMacros", "macros of selectors");
    if (Boolean.TRUE.equals(spec.loader())) {
      problems.unsupported("spec.loader", "events of loaded libraries");
    }
  }

  private void refuse(Collection<?> entries, String field, String what) {
    if (!entries.isEmpty()) {
      problems.unsupported(
          "spec." + field, what + "; only kprobes of system calls can be carried out");
    }
  }
}
