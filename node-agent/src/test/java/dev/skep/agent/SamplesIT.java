package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The samples that sit on system calls, attacked. */
@NeedsKernel
@NeedsPolicies
class SamplesIT {
  @TempDir private static Path dir = Path.of("");
  private static RunningAgent agent;

  @BeforeAll
  static void start() {
    agent =
        RunningAgent.start(
            dir,
            "--policy",
            sample("privilege-change"),
            "--policy",
            sample("namespaces"),
            "--policy",
            sample("module-load"));
  }

  @AfterAll
  static void stop() {
    agent.close();
  }

  static String sample(String name) {
    return Path.of(System.getProperty("skep.root"), "config/samples", name + ".yaml").toString();
  }

  @Test
  void whoTriesToBecomeRootIsToldOf() {
    assertThat(Shell.run("setpriv --reuid 65534 --clear-groups perl -e 'syscall(105, 0)'"))
        .isZero();

    // Others on this machine may become root meanwhile, and be let.
    var told =
        agent.awaitEvent(
            "process_kprobe",
            event ->
                event.at("/function_name").asText().equals("__x64_sys_setuid")
                    && event.at("/process/arguments").asText().contains("syscall(105, 0)"));
    assertThat(told.at("/policy_name").asText()).isEqualTo("privilege-change");
    assertThat(told.at("/args/0/int_arg").asInt()).isZero();
    assertThat(told.at("/return/int_arg").asInt()).isEqualTo(-1);
    assertThat(told.at("/message").asText()).isEqualTo("a process becomes root");
  }

  @Test
  void whoBecomesRootByAnyOfTheIdsIsToldOf() {
    assertThat(Shell.run("perl -e 'syscall(117, -1, 0, -1)'")).isZero();

    var told = await("privilege-change", "__x64_sys_setresuid", 1, "/int_arg", "0");
    assertThat(told.at("/return/int_arg").asInt()).isZero();
  }

  @Test
  void whoGoesIntoOtherNamespacesIsToldOf() {
    assertThat(Shell.run("unshare --uts nsenter --net=/proc/self/ns/net true")).isZero();

    await("namespaces", "__x64_sys_unshare", 0, "/int_arg", String.valueOf(0x0400_0000));
    await("namespaces", "__x64_sys_setns", 1, "/int_arg", String.valueOf(0x4000_0000));
  }

  @Test
  void whoForksAsUsualIsNotToldOf() {
    Shell.run("(true); true | true");
    Shell.run("unshare --uts true");

    await("namespaces", "__x64_sys_unshare", 0, "/int_arg", String.valueOf(0x0400_0000));
    assertThat(agent.events("process_kprobe"))
        .noneMatch(event -> event.at("/function_name").asText().equals("__x64_sys_clone"));
  }

  @Test
  void whoLoadsAModuleIsToldOfAndWhetherItWentWell() {
    Shell.run(
        "perl -e 'open(F, \"</etc/hostname\"); $p = \"debug=7\"; syscall(313, fileno(F), $p, 0)'");

    var told = await("module-load", "__x64_sys_finit_module", 1, "/string_arg", "debug=7");
    assertThat(told.at("/args/0/file_arg/path").asText()).isEqualTo("/etc/hostname");
    assertThat(told.at("/return/int_arg").asInt()).isNegative();
  }

  @Test
  void whoRemovesAModuleIsToldOf() {
    Shell.run("perl -e '$m = \"no_such_module\"; syscall(176, $m, 0)'");

    await("module-load", "__x64_sys_delete_module", 0, "/string_arg", "no_such_module");
  }

  private static JsonNode await(
      String policy, String function, int argument, String member, String value) {
    return await(agent, policy, function, argument, member, value);
  }

  static JsonNode await(
      RunningAgent agent,
      String policy,
      String function,
      int argument,
      String member,
      String value) {
    return agent.awaitEvent(
        "process_kprobe",
        event ->
            event.at("/policy_name").asText().equals(policy)
                && event.at("/function_name").asText().equals(function)
                && event.at("/args/" + argument + member).asText().equals(value));
  }
}
