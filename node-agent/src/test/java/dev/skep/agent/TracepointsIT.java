package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Policies on tracepoints, from the file to the event. */
@NeedsKernel
@NeedsPolicies
class TracepointsIT {
  @TempDir Path dir;

  @Test
  void fieldsAreReadAsTheKernelSaysTheyAreAndWhoIsForbiddenIsKilled() throws IOException {
    var kept = Files.createDirectory(dir.resolve("kept"));
    var other = Files.createDirectory(dir.resolve("other"));
    var policy =
        policy(
            """
            tracepoints:
            - subsystem: syscalls
              event: sys_enter_rmdir
              message: a folder goes
              tags: [folders]
              args: [{index: 5, label: folder}]
              selectors:
              - matchArgs: [{index: 5, operator: Equal, values: [%s]}]
                matchActions: [{action: Sigkill}]
              - matchArgs: [{index: 5, operator: Postfix, values: [%s]}]
            """
                .formatted(kept, other));
    try (var agent = RunningAgent.start(dir, "--policy", policy)) {
      assertThat(Shell.run("rmdir " + other + "; exit $?")).isZero();
      assertThat(Shell.run("rmdir " + kept + "; exit $?")).isEqualTo(Shell.KILLED);

      var event = agent.awaitEvent("process_tracepoint", e -> folder(e).equals(kept.toString()));
      assertThat(event.at("/subsys").asText()).isEqualTo("syscalls");
      assertThat(event.at("/event").asText()).isEqualTo("sys_enter_rmdir");
      assertThat(event.at("/action").asText()).isEqualTo("KPROBE_ACTION_SIGKILL");
      assertThat(event.at("/policy_name").asText()).isEqualTo("tried");
      assertThat(event.at("/message").asText()).isEqualTo("a folder goes");
      assertThat(event.at("/tags/0").asText()).isEqualTo("folders");
      assertThat(event.at("/args/0/label").asText()).isEqualTo("folder");
      assertThat(event.at("/process/binary").asText()).endsWith("/rmdir");
      assertThat(agent.events("process_tracepoint"))
          .extracting(TracepointsIT::folder)
          .containsExactly(other.toString(), kept.toString());
    }
  }

  @Test
  void anySystemCallIsToldByItsNumberAndWhatItIsGiven() throws IOException {
    var shell = Shell.start("read -r; kill -0 $$; exit 7");
    var policy =
        policy(
            """
            lists: [{name: calls, type: syscalls, values: [sys_kill, sys_exit_group]}]
            tracepoints:
            - subsystem: raw_syscalls
              event: sys_enter
              args: [{index: 4, type: syscall64}, {index: 5}]
              selectors:
              - matchPIDs: [{operator: In, values: [%d]}]
                matchArgs: [{index: 4, operator: InMap, values: ["list:calls"]}]
            """
                .formatted(shell.pid()));
    try (var agent = RunningAgent.start(dir, "--policy", policy)) {
      try (var input = shell.getOutputStream()) {
        input.write('\n');
      }
      assertThat(Shell.exitCode(shell)).isEqualTo(7);

      agent.awaitEvent("process_tracepoint", e -> e.at("/args/0/syscall_id/id").asInt() == 231);
      var events = agent.events("process_tracepoint");
      assertThat(events)
          .extracting(e -> e.at("/args/0/syscall_id/id").asInt())
          .containsExactly(62, 231);
      assertThat(events)
          .extracting(e -> e.at("/args/0/syscall_id/abi").asText())
          .containsOnly("x64");
      assertThat(events.getFirst().at("/args/1/size_arg").asLong()).isEqualTo(shell.pid());
      assertThat(events.getLast().at("/args/1/size_arg").asLong()).isEqualTo(7);
      assertThat(events.getLast().at("/args")).hasSize(7);
    }
  }

  @Test
  void rawTracepointsAreToldWithWhatTheKernelGivesThem() throws IOException {
    var policy =
        policy(
            """
            tracepoints:
            - subsystem: sched
              event: sched_process_exec
              raw: true
              args: [{index: 2, label: program}]
              selectors:
              - matchArgs: [{index: 2, operator: Equal, values: [%s]}]
            """
                .formatted(Path.of("/bin/true").toRealPath()));
    try (var agent = RunningAgent.start(dir, "--policy", policy)) {
      assertThat(Shell.run("/bin/true; exit $?")).isZero();

      var event = agent.awaitEvent("process_tracepoint", e -> true);
      assertThat(event.at("/subsys").asText()).isEqualTo("sched");
      assertThat(event.at("/event").asText()).isEqualTo("sched_process_exec");
      assertThat(event.at("/args/0/linux_binprm_arg/path").asText())
          .isEqualTo(Path.of("/bin/true").toRealPath().toString());
      assertThat(event.at("/args/0/label").asText()).isEqualTo("program");
    }
  }

  private static String folder(JsonNode event) {
    return event.at("/args/0/string_arg").asText();
  }

  private String policy(String spec) throws IOException {
    var file = dir.resolve("policy.yaml");
    Files.writeString(
        file,
        "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: tried}\nspec:\n"
            + spec.indent(2));
    return file.toString();
  }
}
