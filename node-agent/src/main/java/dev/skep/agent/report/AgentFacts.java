package dev.skep.agent.report;

import dev.skep.crds.v1alpha1.NodeStateStatus.KernelFacts;
import dev.skep.crds.v1alpha1.NodeStateStatus.ProcessHooks;

/**
 * What stays true of an agent for as long as it runs.
 *
 * @param bootID of the running kernel
 */
public record AgentFacts(
    String nodeName,
    String bootID,
    String agentVersion,
    KernelFacts kernel,
    ProcessHooks processHooks) {}
