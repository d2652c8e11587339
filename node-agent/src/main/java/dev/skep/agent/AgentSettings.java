package dev.skep.agent;

import dev.skep.agent.kube.ClusterOptions;
import dev.skep.agent.process.ProcessDetails;
import dev.skep.bpf.kernel.KernelOptions;
import dev.skep.events.sink.ExportOptions;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an agent is told to do.
 *
 * @param policies files and folders; empty with a cluster
 * @param export null: standard output
 * @param cluster null: policies come from files
 * @param processCacheSize entries at most
 * @param keep whether policies go on acting without the agent, unless it is removed for good
 * @param healthServer where probes are answered; null: nowhere
 */
record AgentSettings(
    String node,
    List<Path> policies,
    @Nullable ExportOptions export,
    @Nullable ClusterOptions cluster,
    KernelOptions kernel,
    ProcessDetails details,
    int processCacheSize,
    boolean keep,
    @Nullable InetSocketAddress healthServer) {}
