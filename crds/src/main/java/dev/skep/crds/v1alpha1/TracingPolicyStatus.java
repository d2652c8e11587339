package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a policy in the whole cluster. At most 16 KB, written by the operator alone.
 *
 * @param mode enforce, monitor or observe
 * @param conditions by type: Accepted, Ready, Enforcing, Degraded
 * @param warnings where the policy does less than it seems to; the first ten
 * @param issues the ten that touch most nodes
 * @param lastViolationTime RFC 3339
 * @param recentViolations newest first, at most 20
 * @param countersAsOf RFC 3339: when a counter last changed
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TracingPolicyStatus(
    @Nullable Long observedGeneration,
    @Nullable String mode,
    @Size(max = 8) List<Condition> conditions,
    @Size(max = 10) List<Warning> warnings,
    @Nullable Nodes nodes,
    @Size(max = 10) List<Issue> issues,
    @Nullable ProcessEvents processEvents,
    @Nullable Events events,
    @Nullable ViolationTotals violations,
    @Nullable String lastViolationTime,
    @Size(max = 20) List<Violation> recentViolations,
    @Nullable String countersAsOf) {
  public TracingPolicyStatus {
    conditions = Lists.copy(conditions);
    warnings = Lists.copy(warnings);
    issues = Lists.copy(issues);
    recentViolations = Lists.copy(recentViolations);
  }

  /**
   * @param path of the field
   * @param message what is so, and what would be better
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Warning(@Nullable String path, @Nullable String message) {}

  /**
   * Nodes by what they make of the policy.
   *
   * @param ready hold this generation in their kernel
   * @param stale report nothing of this generation: they have no agent, or it has not come to it
   * @param summary {@code ready/selected}, for kubectl
   */
  public record Nodes(
      long selected,
      long ready,
      long pending,
      long failed,
      long unsupported,
      long stale,
      @Nullable String summary) {}

  /**
   * Nodes that fail for the same reason on the same kernel.
   *
   * @param nodes how many
   * @param sampleNodes at most 3 of their names
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Issue(
      @Nullable String reason,
      @Nullable String message,
      @Nullable String kernel,
      long nodes,
      @Size(max = 3) List<String> sampleNodes) {
    public Issue {
      sampleNodes = Lists.copy(sampleNodes);
    }
  }

  /**
   * @param hooks in the order of the policy
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Events(long total, @Size(max = 1024) List<HookEvents> hooks) {
    public Events {
      hooks = Lists.copy(hooks);
    }
  }
}
