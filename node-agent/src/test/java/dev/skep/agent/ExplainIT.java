package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of policies on this machine's kernel. */
@NeedsKernel
class ExplainIT {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path dir = Path.of("");

  @Test
  void aPolicyOfThisKernelIsToldHookByHook() {
    assertThat(explain(SamplesIT.sample("protect-passwd"))).isZero();
    assertThat(out.toString())
        .startsWith("kernel: Linux ")
        .contains("policy protect-passwd: enforce, every process of the node")
        .contains("spec.kprobes[0] sys_write")
        .contains("attached to: ")
        .contains("/etc/passwd");
  }

  @Test
  void whatThisKernelLacksIsRefusedByName() throws IOException {
    var policy = file("call: skep_is_no_function, syscall: false");

    assertThat(explain(policy)).isEqualTo(3);
    assertThat(out.toString())
        .contains("refused on this node:")
        .contains("spec.kprobes[0].call: this node's kernel has no function skep_is_no_function");
  }

  @Test
  void whatIsWrongAndWhatCannotBeReadHaveStatusesOfTheirOwn() throws IOException {
    assertThat(explain(file("call: sys_wirte"))).isEqualTo(1);
    assertThat(explain(dir.resolve("missing.yaml").toString())).isEqualTo(2);
    assertThat(err.toString()).contains("missing.yaml: cannot be read");
  }

  private String file(String kprobe) throws IOException {
    return Files.writeString(
            dir.resolve("policy.yaml"),
            """
            apiVersion: skep.dev/v1alpha1
            kind: TracingPolicy
            metadata: {name: tried}
            spec: {kprobes: [{%s}]}
            """
                .formatted(kprobe))
        .toString();
  }

  private int explain(String file) {
    return AgentMain.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute("explain", file);
  }
}
