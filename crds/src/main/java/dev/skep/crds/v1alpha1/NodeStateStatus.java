package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node's agent reports: what its kernel holds, never what was asked for. At most 24 KB. All
 * numbers are totals since the policy came to the node; they survive agent restarts and reboots.
 *
 * @param observedConfig {@link dev.skep.nodeconfig.NodeConfig#hash} of the ConfigMap acted on
 * @param policies one per policy of that ConfigMap, ordered by uid; one writer, hence atomic
 * @param recentViolations newest first, at most 16
 * @param drops lost or incomplete records by cause, ordered by cause; causes that are 0 are left
 *     out
 * @param processHooks what the programs that follow the life of processes are attached to
 * @param processMap how full the kernel's map of processes is
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record NodeStateStatus(
    @Nullable String nodeName,
    @Nullable String bootID,
    @Nullable String agentVersion,
    @Nullable KernelFacts kernel,
    @Nullable String observedConfig,
    @Size(max = 1024) List<PolicyState> policies,
    @Size(max = 16) List<Violation> recentViolations,
    @Size(max = 64) List<Drop> drops,
    @Nullable ProcessHooks processHooks,
    @Nullable ProcessMap processMap) {
  public NodeStateStatus {
    policies = Lists.copy(policies);
    recentViolations = Lists.copy(recentViolations);
    drops = Lists.copy(drops);
  }

  /**
   * @param release as uname gives it
   * @param btf whether the kernel describes its types
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record KernelFacts(@Nullable String release, @Nullable String arch, boolean btf) {}

  /**
   * @param uid of the policy
   * @param state Pending, Loading, Loaded, Degraded, Unsupported, Failed or Skipped; other words
   *     may come from newer agents
   * @param reason a CamelCase word for programs
   * @param mode enforce, monitor or observe
   * @param events one per hook, in the order of the policy
   * @param kernelMemory bytes that are there for the policy: programs, constants and value sets
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record PolicyState(
      @Nullable String uid,
      @Nullable String name,
      @Nullable String namespace,
      @Nullable Long generation,
      @Nullable String state,
      @Nullable String reason,
      @Nullable String message,
      @Nullable String mode,
      @Size(max = 1024) List<HookEvents> events,
      @Nullable ProcessEvents processEvents,
      @Nullable ViolationTotals violations,
      @Nullable Long dropped,
      @Nullable Long kernelMemory) {
    public PolicyState {
      events = Lists.copy(events);
    }
  }

  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Drop(@Nullable String cause, long count) {}

  /**
   * Each is fentry, kprobe, tracepoint or none; other words may come from newer agents.
   *
   * @param credentials how changes of credentials at exec are seen; none on kernels that have
   *     nothing to attach to
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record ProcessHooks(
      @Nullable String fork,
      @Nullable String exec,
      @Nullable String exit,
      @Nullable String credentials) {}

  /**
   * @param entries processes in the map, rounded up to a 64th of the capacity, so that a quiet node
   *     has nothing new to report
   */
  public record ProcessMap(long entries, long capacity) {}
}
