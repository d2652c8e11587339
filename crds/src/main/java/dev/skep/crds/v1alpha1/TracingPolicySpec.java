package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.skep.crds.v1alpha1.HookSpec.KprobeSpec;
import dev.skep.crds.v1alpha1.HookSpec.LsmHookSpec;
import dev.skep.crds.v1alpha1.HookSpec.TracepointSpec;
import dev.skep.crds.v1alpha1.HookSpec.UprobeSpec;
import dev.skep.crds.v1alpha1.HookSpec.UsdtSpec;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a policy asks for: Tetragon's language as it is written, and a mode. What of it is legal and
 * supported is decided by {@link dev.skep.policy.PolicyReader}.
 *
 * @param mode enforce, or monitor: actions are counted and reported but not taken
 * @param nodeSelector by the labels of the nodes
 * @param podSelector by the labels of the pods, and by their namespace as the label
 *     k8s:io.kubernetes.pod.namespace; {@code {}}: all pods, without the host
 * @param containerSelector by the fields name and repo of the containers of those pods
 * @param hostSelector only {@code {}}: processes outside of pods; pods are then chosen only if
 *     podSelector or containerSelector is there
 * @param loader report loaded programs and libraries
 * @param lists named lists of values
 * @param enforcers calls that NotifyEnforcer acts on
 * @param selectorsMacros parts of selectors by name
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value =
        "[has(self.kprobes) && size(self.kprobes) > 0,"
            + " has(self.fentries) && size(self.fentries) > 0,"
            + " has(self.tracepoints) && size(self.tracepoints) > 0,"
            + " has(self.uprobes) && size(self.uprobes) > 0,"
            + " has(self.usdts) && size(self.usdts) > 0,"
            + " has(self.lsmhooks) && size(self.lsmhooks) > 0,"
            + " has(self.loader) && self.loader].exists(watched, watched)",
    message = "watches nothing: add kprobes or another list of hooks")
@ValidationRule(
    value =
        "!has(self.mode) || !has(self.options)"
            + " || self.options.all(o, o.name != 'policy-mode' || !has(o.value)"
            + " || o.value == self.mode)",
    message = "mode and the option policy-mode differ: keep one of them")
@ValidationRule(
    value =
        "!has(self.hostSelector)"
            + " || ((!has(self.hostSelector.matchLabels) || size(self.hostSelector.matchLabels) == 0)"
            + " && (!has(self.hostSelector.matchExpressions)"
            + " || size(self.hostSelector.matchExpressions) == 0))",
    message = "hostSelector can only be {}: processes outside of pods have no labels")
public record TracingPolicySpec(
    @OneOf({"enforce", "monitor"}) @Nullable String mode,
    @Nullable LabelSelectorSpec nodeSelector,
    @Nullable LabelSelectorSpec podSelector,
    @Nullable ContainerSelectorSpec containerSelector,
    @Nullable LabelSelectorSpec hostSelector,
    @Size(max = 128) List<KprobeSpec> kprobes,
    @Size(max = 128) List<KprobeSpec> fentries,
    @Size(max = 128) List<TracepointSpec> tracepoints,
    @Size(max = 128) List<UprobeSpec> uprobes,
    @Size(max = 128) List<UsdtSpec> usdts,
    @Size(max = 128) List<LsmHookSpec> lsmhooks,
    @Nullable Boolean loader,
    @Size(max = 64) List<ListSpec> lists,
    @Size(max = 16) List<EnforcerSpec> enforcers,
    @Size(max = 16) List<OptionSpec> options,
    @Size(max = 64) Map<String, SelectorSpec> selectorsMacros) {
  public TracingPolicySpec {
    kprobes = Lists.copy(kprobes);
    fentries = Lists.copy(fentries);
    tracepoints = Lists.copy(tracepoints);
    uprobes = Lists.copy(uprobes);
    usdts = Lists.copy(usdts);
    lsmhooks = Lists.copy(lsmhooks);
    lists = Lists.copy(lists);
    enforcers = Lists.copy(enforcers);
    options = Lists.copy(options);
    selectorsMacros = Lists.copy(selectorsMacros);
  }

  /**
   * @param pattern of the names of a generated list
   * @param validated what Tetragon notes for itself; without meaning
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record ListSpec(
      @Required @Size(min = 1, max = 256) @Nullable String name,
      @OneOf({"", "syscalls", "generated_syscalls", "generated_ftrace"}) @Nullable String type,
      @Size(max = 4096) List<@Size(max = 256) String> values,
      @Size(max = 1024) @Nullable String pattern,
      @Nullable Boolean validated) {
    public ListSpec {
      values = Lists.copy(values);
    }
  }

  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record EnforcerSpec(
      @Required @Size(min = 1, max = 1024) List<@Size(min = 1, max = 256) String> calls) {
    public EnforcerSpec {
      calls = Lists.copy(calls);
    }
  }

  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record OptionSpec(
      @Required @Size(min = 1, max = 256) @Nullable String name,
      @Size(max = 1024) @Nullable String value) {}
}
