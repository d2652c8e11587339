package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program, by its launcher. */
class LauncherIT {
  @TempDir private Path folder = Path.of("");

  @Test
  void aRefusedPolicyIsALineAndStatus1() throws Exception {
    var policy = folder.resolve("policy.yaml");
    Files.writeString(policy, "{apiVersion: skep.dev/v1alpha1, kind: TracingPolicy}");

    var run = skep("validate", policy.toString());

    assertThat(text(run))
        .isEqualToNormalizingNewlines(
            policy
                + ": metadata.name: is missing, but required\n"
                + policy
                + ": spec: is missing, but required\n");
    assertThat(run.waitFor()).isEqualTo(1);
  }

  @Test
  void theSamplesAreGoodAndSayWhyTheyAreWarnedOf() throws Exception {
    try (var samples = Files.newDirectoryStream(root().resolve("config/samples"), "*.yaml")) {
      for (var sample : samples) {
        var run = skep("validate", sample.toString());

        var lines = text(run).lines().toList();
        assertThat(run.waitFor()).isZero();
        assertThat(lines).as("%s", sample).allMatch(line -> line.contains(": warning: "));
        boolean saysWhy = Files.readString(sample).contains("# Warned of: ");
        assertThat(lines.isEmpty()).as("%s", sample).isNotEqualTo(saysWhy);
      }
    }
  }

  @Test
  void theVersionIsTheJars() throws Exception {
    assertThat(text(skep("version"))).containsPattern("^skep [0-9]+\\.[0-9]+");
  }

  @BeforeEach
  void link() throws IOException {
    Files.createSymbolicLink(launcher(), root().resolve("make/launch"));
  }

  @AfterEach
  void unlink() throws IOException {
    Files.delete(launcher());
  }

  private Path launcher() {
    return folder.resolve("skep");
  }

  private Process skep(String... arguments) throws IOException {
    var words = new ArrayList<>(List.of(launcher().toString()));
    words.addAll(List.of(arguments));
    var builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder.start();
  }

  private static String text(Process run) throws IOException {
    return new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static Path root() {
    return Path.of(System.getProperty("skep.root", ".."));
  }
}
