package dev.skep.operator.plan;

import dev.skep.nodeconfig.NodeConfig;
import dev.skep.policy.Policy;

/** A policy that can be carried out, and what nodes get of it. */
public record AcceptedPolicy(Policy policy, NodeConfig.Entry entry) {}
