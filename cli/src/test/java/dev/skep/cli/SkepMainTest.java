package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SkepMainTest {
  private static final String GOOD =
      """
      apiVersion: skep.dev/v1alpha1
      kind: TracingPolicy
      metadata: {name: good}
      spec: {kprobes: [{call: sys_write}]}
      """;
  private static final String BAD = GOOD.replace("sys_write", "sys_wirte");

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder = Path.of("");

  @Test
  void aGoodPolicyGivesNoLineAndStatus0() throws IOException {
    assertThat(skep("validate", file("good.yaml", GOOD))).isZero();
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void eachProblemIsALineWithFileAndPathAndStatus1() throws IOException {
    var bad = file("bad.yaml", BAD);

    assertThat(skep("validate", file("good.yaml", GOOD), bad)).isEqualTo(1);
    assertThat(out.toString())
        .isEqualToNormalizingNewlines(
            bad
                + ": spec.kprobes[0].call: is \"sys_wirte\", no system call;"
                + " did you mean \"sys_write\"?\n");
  }

  @Test
  void whatIsRightButNotSupportedYetIsStatus3() throws IOException {
    var later =
        file(
            "later.yaml",
            GOOD.replace(
                "call: sys_write",
                "call: commit_creds, syscall: false, args: [{index: 0, type: cred}]"));

    assertThat(skep("validate", later)).isEqualTo(3);
    assertThat(out.toString())
        .startsWith(later + ": spec.kprobes[0].args[0].type: not supported yet: ");
    assertThat(skep("validate", later, file("bad.yaml", BAD))).isEqualTo(1);
  }

  @Test
  void aWarningIsALineOnStandardErrorAndStatus0() throws IOException {
    var idle = file("idle.yaml", GOOD.replace("spec: {", "spec: {mode: enforce, "));

    assertThat(skep("validate", idle)).isZero();
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString())
        .startsWith(idle + ": warning: spec.mode: is enforce, but no selector has an action");
  }

  @Test
  void aPolicyThatWouldChooseNoPodIsToldSo() throws IOException {
    var policy =
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicyNamespaced
        metadata: {name: astray, namespace: sales}
        spec:
          podSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": bank}}
          hostSelector: {}
          kprobes: [{call: sys_write}]
        """;

    assertThat(skep("validate", file("astray.yaml", policy))).isEqualTo(1);
    assertThat(out.toString())
        .contains("astray.yaml: spec.podSelector: never chooses a pod")
        .contains("astray.yaml: spec.hostSelector: belongs to a TracingPolicy");
  }

  @Test
  void thePoliciesOfOneFileAreNumbered() throws IOException {
    var both = file("both.yaml", GOOD + "---\n" + BAD);

    assertThat(skep("validate", both)).isEqualTo(1);
    assertThat(out.toString()).startsWith(both + "#2: spec.kprobes[0].call: ");
  }

  @Test
  void aDashIsTheInput() {
    var in = System.in;
    System.setIn(new ByteArrayInputStream(BAD.getBytes(StandardCharsets.UTF_8)));
    try {
      assertThat(skep("validate", "-")).isEqualTo(1);
    } finally {
      System.setIn(in);
    }
    assertThat(out.toString()).startsWith("-: spec.kprobes[0].call: ");
  }

  @Test
  void whatCannotBeReadIsOneLineAndStatus2() throws IOException {
    var missing = folder.resolve("missing.yaml").toString();
    var binary = folder.resolve("binary");
    Files.write(binary, new byte[] {(byte) 0xff, (byte) 0xfe, 0});

    assertThat(skep("validate", missing, binary.toString(), folder.toString())).isEqualTo(2);
    assertThat(err.toString().lines())
        .containsExactly(
            missing + ": there is no such file",
            binary + ": is not text in UTF-8",
            folder + ": cannot be read: Is a directory");
  }

  @Test
  void whoAsksWhatTheKernelMakesOfAPolicyAsksTheAgent() throws IOException {
    var agent = folder.resolve("agent");
    Files.writeString(agent, "#!/bin/sh\necho \"$@\" >" + folder + "/asked\nexit 3\n");
    Files.setPosixFilePermissions(agent, PosixFilePermissions.fromString("rwx------"));

    assertThat(explain(agent.toString())).isEqualTo(3);
    assertThat(folder.resolve("asked")).hasContent("explain -- a.yaml -b.yaml");
  }

  @Test
  void withoutAnAgentNobodyKnowsWhatTheKernelMakesOfAPolicy() {
    assertThat(explain(folder.resolve("none").toString())).isEqualTo(2);
    assertThat(err.toString()).contains("cannot start " + folder.resolve("none"));
  }

  private int explain(String agent) {
    System.setProperty("skep.agent", agent);
    try {
      return skep("explain", "--", "a.yaml", "-b.yaml");
    } finally {
      System.clearProperty("skep.agent");
    }
  }

  @Test
  void aWrongCallShowsTheUsageAndIsStatus2() {
    assertThat(skep("validate")).isEqualTo(2);
    assertThat(err.toString()).contains("Usage: skep validate");
    assertThat(skep("valdate")).isEqualTo(2);
    assertThat(skep()).isEqualTo(2);
  }

  @Test
  void theVersionIsPrinted() {
    assertThat(skep("version")).isZero();
    assertThat(out.toString()).startsWith("skep ");
  }

  private String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  private int skep(String... arguments) {
    return SkepMain.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
