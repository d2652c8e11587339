package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One hook on the system calls of a list, from the file to the event. */
@NeedsKernel
@NeedsPolicies
class ListsOfCallsIT {
  @TempDir Path dir;

  @Test
  void theTypesOfACallsArgumentsAreFoundOut() throws IOException {
    var kept = Files.createDirectory(dir.resolve("kept"));
    var policy = dir.resolve("policy.yaml");
    Files.writeString(
        policy,
        """
        apiVersion: cilium.io/v1alpha1
        kind: TracingPolicy
        metadata: {name: tried}
        spec:
          kprobes:
          - call: sys_rmdir
            args: [{index: 0}]
            selectors:
            - matchArgs: [{index: 0, operator: Equal, values: [%s]}]
              matchActions: [{action: Sigkill}]
        """
            .formatted(kept));
    try (var agent = RunningAgent.start(dir, "--policy", policy.toString())) {
      assertThat(Shell.run("rmdir " + kept + "; exit $?")).isEqualTo(Shell.KILLED);

      assertThat(agent.awaitEvent("process_kprobe", e -> true).at("/args/0/string_arg").asText())
          .isEqualTo(kept.toString());
    }
  }

  @Test
  void everyCallOfTheListIsToldByItsNameAndNoOther() throws IOException {
    var file = Files.writeString(dir.resolve("file"), "");
    var folder = Files.createDirectory(dir.resolve("folder"));
    var policy = dir.resolve("policy.yaml");
    Files.writeString(
        policy,
        """
        apiVersion: cilium.io/v1alpha1
        kind: TracingPolicy
        metadata: {name: tried}
        spec:
          lists: [{name: gone, type: syscalls, values: [sys_unlink, sys_rmdir, sys_unlinkat]}]
          kprobes:
          - call: "list:gone"
            selectors: [{matchBinaries: [{operator: In, values: [/usr/bin/unlink, /usr/bin/rmdir]}]}]
        """);
    try (var agent = RunningAgent.start(dir, "--policy", policy.toString())) {
      assertThat(Shell.run("unlink " + file + "; rmdir " + folder + "; unlink /no/such; exit 0"))
          .isZero();

      agent.awaitEvent("process_exit", e -> e.at("/process/arguments").asText().equals("/no/such"));
      assertThat(agent.events("process_kprobe"))
          .extracting(e -> e.at("/function_name").asText())
          .containsExactly("__x64_sys_unlink", "__x64_sys_rmdir", "__x64_sys_unlink");
    }
  }
}
