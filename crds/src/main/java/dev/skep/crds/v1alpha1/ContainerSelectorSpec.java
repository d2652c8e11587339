package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Kubernetes' label selector over two fields of a container: name, and repo, its image's repository
 * without tag and digest.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value = "!has(self.matchLabels) || self.matchLabels.all(field, field in ['name', 'repo'])",
    message = "containers are chosen by name and repo, other fields are not known")
public record ContainerSelectorSpec(
    @Size(max = 16) Map<String, @Size(max = 255) String> matchLabels,
    @Size(max = 16) List<Requirement> matchExpressions) {
  public ContainerSelectorSpec {
    matchLabels = Lists.copy(matchLabels);
    matchExpressions = Lists.copy(matchExpressions);
  }

  /**
   * @param values for In and NotIn at least one, for Exists and DoesNotExist none
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @ValidationRule(
      value = "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
      message = "In and NotIn need values, Exists and DoesNotExist take none")
  public record Requirement(
      @Required @OneOf({"name", "repo"}) @Nullable String key,
      @Required @OneOf({"In", "NotIn", "Exists", "DoesNotExist"}) @Nullable String operator,
      @Size(max = 64) List<@Size(max = 255) String> values) {
    public Requirement {
      values = Lists.copy(values);
    }
  }

  /** The same, written as a selector of labels. */
  public LabelSelectorSpec asLabels() {
    return new LabelSelectorSpec(
        matchLabels,
        matchExpressions.stream()
            .map(r -> new LabelSelectorSpec.Requirement(r.key(), r.operator(), r.values()))
            .toList());
  }
}
