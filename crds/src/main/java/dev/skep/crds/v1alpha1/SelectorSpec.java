package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When a hook's actions are taken: all filters must match.
 *
 * @param macros names of {@link TracingPolicySpec#selectorsMacros} whose filters are added
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SelectorSpec(
    @Size(max = 256) @Nullable String label,
    @Size(max = 16) List<@Size(max = 256) String> macros,
    @Size(max = 16) List<PidFilterSpec> matchPIDs,
    @Size(max = 16) List<BinaryFilterSpec> matchBinaries,
    @Size(max = 16) List<BinaryFilterSpec> matchParentBinaries,
    @Size(max = 16) List<ArgumentFilterSpec> matchArgs,
    @Size(max = 16) List<ArgumentFilterSpec> matchData,
    @Size(max = 16) List<ArgumentFilterSpec> matchReturnArgs,
    @Size(max = 16) List<NamespaceFilterSpec> matchNamespaces,
    @Size(max = 16) List<NamespaceChangeFilterSpec> matchNamespaceChanges,
    @Size(max = 16) List<CapabilityFilterSpec> matchCapabilities,
    @Size(max = 16) List<CapabilityFilterSpec> matchCapabilityChanges,
    @Size(max = 4) List<WorkloadFilterSpec> matchWorkloads,
    @Size(max = 8) List<ActionSpec> matchActions,
    @Size(max = 8) List<ActionSpec> matchReturnActions) {
  public SelectorSpec {
    macros = Lists.copy(macros);
    matchPIDs = Lists.copy(matchPIDs);
    matchBinaries = Lists.copy(matchBinaries);
    matchParentBinaries = Lists.copy(matchParentBinaries);
    matchArgs = Lists.copy(matchArgs);
    matchData = Lists.copy(matchData);
    matchReturnArgs = Lists.copy(matchReturnArgs);
    matchNamespaces = Lists.copy(matchNamespaces);
    matchNamespaceChanges = Lists.copy(matchNamespaceChanges);
    matchCapabilities = Lists.copy(matchCapabilities);
    matchCapabilityChanges = Lists.copy(matchCapabilityChanges);
    matchWorkloads = Lists.copy(matchWorkloads);
    matchActions = Lists.copy(matchActions);
    matchReturnActions = Lists.copy(matchReturnActions);
  }

  /**
   * @param isNamespacePID compare the id in the process' own pid namespace
   * @param followForks match descendants too
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record PidFilterSpec(
      @Required @OneOf({"In", "NotIn"}) @Nullable String operator,
      @Required @Size(min = 1, max = 1024) List<@Min(0) @Max(4194304) Long> values,
      @Nullable Boolean isNamespacePID,
      @Nullable Boolean followForks) {
    public PidFilterSpec {
      values = Lists.copy(values);
    }
  }

  /**
   * @param values paths of executables
   * @param followChildren match descendants too
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record BinaryFilterSpec(
      @Required @OneOf({"In", "NotIn", "Prefix", "NotPrefix", "Postfix", "NotPostfix"})
          @Nullable String operator,
      @Required @Size(min = 1, max = 1024) List<@Size(min = 1, max = 4095) String> values,
      @Nullable Boolean followChildren) {
    public BinaryFilterSpec {
      values = Lists.copy(values);
    }
  }

  /**
   * @param index of the argument, as in its {@link ArgumentSpec#index}
   * @param args positions in the list of arguments, instead of an index
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record ArgumentFilterSpec(
      @Min(0) @Max(63) @Nullable Long index,
      @Size(max = 6) List<@Min(0) @Max(63) Long> args,
      @Required
          @OneOf({
            "Equal",
            "NotEqual",
            "Prefix",
            "NotPrefix",
            "Postfix",
            "NotPostfix",
            "GT",
            "GreaterThan",
            "LT",
            "LessThan",
            "Mask",
            "InMap",
            "NotInMap",
            "InRange",
            "NotInRange",
            "SubString",
            "SubStringIgnCase",
            "SAddr",
            "NotSAddr",
            "DAddr",
            "NotDAddr",
            "SPort",
            "NotSPort",
            "SPortPriv",
            "NotSportPriv",
            "DPort",
            "NotDPort",
            "DPortPriv",
            "NotDPortPriv",
            "Protocol",
            "Family",
            "State",
            "FileType",
            "NotFileType",
            "CapabilitiesGained",
            "CelExpr"
          })
          @Nullable String operator,
      @Size(max = 4096) List<@Size(max = 4096) String> values) {
    public ArgumentFilterSpec {
      args = Lists.copy(args);
      values = Lists.copy(values);
    }
  }

  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record NamespaceFilterSpec(
      @Required
          @OneOf({
            "Uts",
            "Ipc",
            "Mnt",
            "Pid",
            "PidForChildren",
            "Net",
            "Time",
            "TimeForChildren",
            "Cgroup",
            "User"
          })
          @Nullable String namespace,
      @Required @OneOf({"In", "NotIn"}) @Nullable String operator,
      @Required @Size(min = 1, max = 256) List<@Size(max = 32) String> values) {
    public NamespaceFilterSpec {
      values = Lists.copy(values);
    }
  }

  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record NamespaceChangeFilterSpec(
      @Required @OneOf({"In", "NotIn"}) @Nullable String operator,
      @Required @Size(min = 1, max = 10) List<@Size(max = 32) String> values) {
    public NamespaceChangeFilterSpec {
      values = Lists.copy(values);
    }
  }

  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record CapabilityFilterSpec(
      @OneOf({"Effective", "Inheritable", "Permitted"}) @Nullable String type,
      @Required @OneOf({"In", "NotIn"}) @Nullable String operator,
      @Nullable Boolean isNamespaceCapability,
      @Required @Size(min = 1, max = 64) List<@Size(max = 64) String> values) {
    public CapabilityFilterSpec {
      values = Lists.copy(values);
    }
  }

  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record WorkloadFilterSpec(
      @Nullable LabelSelectorSpec podSelector,
      @Nullable ContainerSelectorSpec containerSelector,
      @Nullable LabelSelectorSpec hostSelector) {}
}
