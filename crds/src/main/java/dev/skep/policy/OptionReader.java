package dev.skep.policy;

import dev.skep.crds.v1alpha1.TracingPolicySpec.OptionSpec;
import dev.skep.policy.PolicyTree.OverrideMethod;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The entries of {@code spec.options}, and the mode, which may be one of them. */
final class OptionReader {
  private static final String POLICY_MODE = "policy-mode";
  private static final String OVERRIDE_METHOD = "override-method";

  /** They only say how Tetragon attaches its programs. */
  private static final Set<String> WITHOUT_MEANING_HERE =
      Set.of("disable-kprobe-multi", "disable-uprobe-multi");

  private static final List<String> OPTIONS =
      List.of(
          POLICY_MODE,
          "disable-kprobe-multi",
          "disable-uprobe-multi",
          OVERRIDE_METHOD,
          "sleepable-preload-size");

  private final Problems problems;

  OptionReader(Problems problems) {
    this.problems = problems;
  }

  /**
   * @param enforceAt path of the field that asks to enforce; null: none does, it is the default
   */
  record Options(boolean monitor, OverrideMethod overrideMethod, @Nullable String enforceAt) {}

  Options read(List<OptionSpec> options, @Nullable String declaredMode) {
    var mode = declaredMode;
    var method = OverrideMethod.AUTOMATIC;
    var enforceAt = "enforce".equals(declaredMode) ? "spec.mode" : null;
    var names = new HashSet<String>();
    for (int i = 0; i < options.size(); i++) {
      var option = options.get(i);
      var path = Path.item("spec.options", i);
      var name = option.name();
      if (name == null) {
        continue;
      }
      if (!names.add(name)) {
        problems.invalid(path + ".name", "is " + Text.quote(name) + " for the second time");
      } else if (name.equals(POLICY_MODE)) {
        mode = readPolicyMode(option, path, mode, declaredMode);
        enforceAt = enforceAt == null && "enforce".equals(mode) ? path + ".value" : enforceAt;
      } else if (name.equals(OVERRIDE_METHOD)) {
        method = readOverrideMethod(option, path);
      } else if (!WITHOUT_MEANING_HERE.contains(name)) {
        refuseOption(name, path);
      }
    }
    return new Options("monitor".equals(mode), method, enforceAt);
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

  private OverrideMethod readOverrideMethod(OptionSpec option, String path) {
    var value = option.value() == null ? "" : option.value();
    return switch (value) {
      case "fmod-ret" -> OverrideMethod.FMOD_RET;
      case "override-return" -> OverrideMethod.OVERRIDE_RETURN;
      default -> {
        problems.invalid(
            path + ".value",
            "is "
                + Text.quote(value)
                + "; "
                + Text.instead(value, List.of("fmod-ret", "override-return")));
        yield OverrideMethod.AUTOMATIC;
      }
    };
  }

  private void refuseOption(String name, String path) {
    if (OPTIONS.contains(name)) {
      problems.unsupported(path + ".name", "the option " + name);
    } else {
      problems.invalid(
          path + ".name", Text.quote(name) + " is not an option; " + Text.instead(name, OPTIONS));
    }
  }
}
