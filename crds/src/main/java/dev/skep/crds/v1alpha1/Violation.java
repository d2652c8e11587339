package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * An action that a policy took, or would have taken.
 *
 * @param time RFC 3339, UTC, microseconds
 * @param policyUid left out in the status of the policy itself
 * @param node left out in the state of the node itself
 * @param podUID tells the pod from an earlier one of the same name
 * @param pid in the initial pid namespace
 * @param binary resolved path of the executable
 * @param hook as the policy calls it
 * @param path of the file that a file argument names, if there is one
 * @param action such as {@code Sigkill} or {@code Signal}
 * @param enforced false: monitor mode held it back
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Violation(
    @Nullable String time,
    @Nullable String policyUid,
    @Nullable String node,
    @Nullable String namespace,
    @Nullable String pod,
    @Nullable String podUID,
    @Nullable Long pid,
    @Nullable String binary,
    @Nullable String hook,
    @Nullable String path,
    @Nullable String action,
    boolean enforced) {}
