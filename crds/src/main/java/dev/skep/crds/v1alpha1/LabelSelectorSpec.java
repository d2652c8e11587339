package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Kubernetes' label selector, all requirements of which must hold. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record LabelSelectorSpec(
    @Size(max = 32) Map<String, @Size(max = 63) String> matchLabels,
    @Size(max = 16) List<Requirement> matchExpressions) {
  public LabelSelectorSpec {
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
      @Required @Size(max = 317) @Nullable String key,
      @Required @OneOf({"In", "NotIn", "Exists", "DoesNotExist"}) @Nullable String operator,
      @Size(max = 64) List<@Size(max = 63) String> values) {
    public Requirement {
      values = Lists.copy(values);
    }
  }
}
