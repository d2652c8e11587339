package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.LabelSelector;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a policy asks for: Tetragon's language as it is written, all of it optional. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TracingPolicySpec(
    @Nullable LabelSelector nodeSelector, @Nullable String mode, List<Object> kprobes) {
  public TracingPolicySpec {
    kprobes = Lists.copy(kprobes);
  }
}
