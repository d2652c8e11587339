package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * Kubernetes' condition.
 *
 * @param type Accepted, Ready, Enforcing or Degraded
 * @param status True, False or Unknown
 * @param lastTransitionTime RFC 3339, UTC, seconds: when {@code status} last changed
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Condition(
    @Nullable String type,
    @Nullable String status,
    @Nullable Long observedGeneration,
    @Nullable String lastTransitionTime,
    @Nullable String reason,
    @Nullable String message) {}
