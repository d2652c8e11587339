package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyFilesTest {
  @TempDir private Path dir;

  @Test
  void ofAFolderAllPoliciesAreReadInTheOrderOfTheirFiles() throws IOException {
    write("b.yaml", policy("b"));
    write("a.yaml", policy("a1") + "---\n" + policy("a2"));
    write("notes.txt", "no policy");

    var files = PolicyFiles.read(List.of(dir));

    assertThat(files.problems()).isEmpty();
    assertThat(files.policies()).extracting(Object::toString).containsExactly("a1", "a2", "b");
  }

  @Test
  void allThatIsWrongWithAllFilesIsSaidAtOnceWithItsFileAndPath() throws IOException {
    write("a.yaml", policy("a").replace("sys_write", "sys_wrte"));
    write("b.yaml", policy("same"));
    write("c.yaml", policy("same"));
    write("d.yaml", "");

    assertThat(PolicyFiles.read(List.of(dir, dir.resolve("gone.yaml"))).problems())
        .satisfiesExactly(
            line -> assertThat(line).startsWith(dir + "/a.yaml: spec.kprobes[0].call: "),
            line -> assertThat(line).startsWith(dir + "/c.yaml: ").contains(dir + "/b.yaml"),
            line -> assertThat(line).startsWith(dir + "/d.yaml: "),
            line -> assertThat(line).startsWith(dir + "/gone.yaml: cannot be read"));
  }

  @Test
  void aLongNameHasAUidThatTheKernelTakes() throws IOException {
    write("a.yaml", policy("a-name-that-goes-on-and-on-and-on-and-on-and-on-1"));
    write("b.yaml", policy("a-name-that-goes-on-and-on-and-on-and-on-and-on-2"));

    var files = PolicyFiles.read(List.of(dir));

    assertThat(files.problems()).isEmpty();
    assertThat(files.policies())
        .extracting(policy -> policy.uid())
        .doesNotHaveDuplicates()
        .allSatisfy(
            uid -> assertThat(uid.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(39));
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(dir.resolve(name), text);
  }

  private static String policy(String name) {
    return """
    apiVersion: skep.dev/v1alpha1
    kind: TracingPolicy
    metadata: {name: %s}
    spec:
      kprobes:
      - call: sys_write
        syscall: true
    """
        .formatted(name);
  }
}
