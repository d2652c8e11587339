package dev.skep.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.cluster.NeedsImages;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The container images: all that they need is inside, but for the kernel's own file systems. */
@NeedsKernel
@NeedsImages
class ImageIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long MEGABYTE = 1_000_000;

  @TempDir static Path folder;
  private static UnpackedImage agent;
  private static UnpackedImage operator;

  @BeforeAll
  static void unpack() throws IOException {
    agent = UnpackedImage.of("skep-agent", folder);
    operator = UnpackedImage.of("skep-operator", folder);
  }

  static Stream<UnpackedImage> images() {
    return Stream.of(agent, operator);
  }

  @Test
  void theAgentTracesInAnImageThatHasNothingOfTheMachine() throws Exception {
    var pins = Path.of("/sys/fs/bpf/skep-image-" + ProcessHandle.current().pid());
    var events = folder.resolve("events");
    var log = folder.resolve("log");
    var process =
        agent
            .container("run", "--bpf-dir", pins.toString(), "--on-exit", "keep")
            .redirectOutput(events.toFile())
            .redirectError(log.toFile())
            .start();
    try {
      await()
          .atMost(PATIENCE)
          .until(() -> Files.readString(log).contains("ready: ") || !process.isAlive());
      assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
      var word = "seen-" + System.nanoTime();
      Shell.run(List.of("/bin/echo", word));

      await().atMost(PATIENCE).until(() -> toldOf(events, word));
      assertThat(residentKilobytes(process.pid())).isLessThan(128 * 1024);

      process.destroy();
      assertThat(process.waitFor()).as(Files.readString(log)).isZero();
      assertThat(pins).isNotEmptyDirectory();
    } finally {
      process.destroyForcibly().waitFor();
      agent.output("cleanup", "--bpf-dir", pins.toString());
    }
    assertThat(pins).doesNotExist();
  }

  @ParameterizedTest
  @MethodSource("images")
  void argumentsReachTheProgramWhoseVersionIsTheLabels(UnpackedImage image) {
    assertThat(image.output("run", "--help")).contains("run [");
    assertThat(image.output("--version").strip())
        .isEqualTo(image.label("title") + " " + image.label("version"));
    assertThat(image.label("revision")).matches("[0-9a-f]{40}(-modified)?|unknown");
    assertThat(image.label("licenses")).startsWith("Apache-2.0");
  }

  @Test
  void onlyTheAgentIsRoot() {
    assertThat(agent.config().at("/config/User").asText()).isEqualTo("0:0");
    assertThat(operator.config().at("/config/User").asText()).isEqualTo("65532:65532");
  }

  @Test
  void theyAreSmallEnough() throws IOException {
    assertThat(Files.size(agent.tar())).isLessThan(90 * MEGABYTE);
    assertThat(Files.size(operator.tar())).isLessThan(120 * MEGABYTE);
  }

  /** An archive that was made of other jars would run their code, without a word. */
  @ParameterizedTest
  @MethodSource("images")
  void theClassArchiveIsOfTheseJars(UnpackedImage image) throws IOException {
    var skep = image.root().resolve("opt/skep");
    var options = Files.readString(skep.resolve("java.options"));
    var program = image.label("title");
    var sources =
        Shell.bash(
            """
            cd %s
            sha256sum opt/skep/app/classpath/*.jar opt/skep/app/libs/*.jar opt/skep/java/lib/modules \
                opt/skep/java/lib/server/libjvm.so %s/image/%s/* | sed 's# .*##' | sha256sum | cut -c1-16
            """
                .formatted(image.root(), System.getProperty("skep.root"), program));

    assertThat(options).contains("/opt/skep/classes-" + sources.output().strip() + ".jsa");
    try (var jars = Files.walk(skep.resolve("app"))) {
      assertThat(options.lines().filter(line -> line.startsWith("-cp ")).findFirst().orElseThrow())
          .isEqualTo(
              jars.filter(Files::isRegularFile)
                  .map(jar -> "/" + image.root().relativize(jar))
                  .filter(jar -> jar.endsWith(".jar"))
                  .sorted()
                  .collect(Collectors.joining(":", "-cp ", "")));
    }
  }

  /** If this fails because the programs have grown other classes: image/train. */
  @ParameterizedTest
  @MethodSource("images")
  void theArchiveIsUsedAndHasNearlyAllThatStartsAProgram(UnpackedImage image) {
    var container = image.container("run", "--help");
    container.environment().put("JDK_JAVA_OPTIONS", "-Xlog:class+load");

    var classes =
        UnpackedImage.output(container).lines().filter(line -> line.contains(" source: ")).toList();

    assertThat(classes).hasSizeGreaterThan(1_000);
    assertThat(classes.stream().filter(line -> line.contains("shared objects file")).count())
        .isGreaterThan(classes.size() * 9L / 10);
  }

  @ParameterizedTest
  @MethodSource("images")
  void theyTellWhatIsInThemAndUnderWhichLicence(UnpackedImage image) throws IOException {
    var skep = image.root().resolve("opt/skep");
    var components =
        new ObjectMapper()
            .readTree(skep.resolve("sbom.cdx.json").toFile())
            .get("components")
            .findValuesAsText("purl");

    assertThat(components)
        .anyMatch(purl -> purl.startsWith("pkg:maven/com.fasterxml.jackson.core/jackson-core@"))
        .anyMatch(purl -> purl.startsWith("pkg:deb/debian/libc6@"))
        .anyMatch(purl -> purl.startsWith("pkg:deb/debian/openjdk-25-jre-headless@"));
    assertThat(skep.resolve("licenses")).isDirectoryContaining("glob:**/LICENSE");
    for (var library : List.of("libc6", "gcc-14-base", "zlib1g", "openjdk-25-jre-headless")) {
      assertThat(skep.resolve("licenses/" + library + "/copyright")).isNotEmptyFile();
    }
    assertThat(skep.resolve("licenses/common-licenses/GPL-2")).isNotEmptyFile();
  }

  private static boolean toldOf(Path events, String word) throws IOException {
    return Files.readString(events)
        .lines()
        .anyMatch(line -> line.contains("\"process_exec\"") && line.contains(word));
  }

  private static long residentKilobytes(long pid) throws IOException {
    try (var lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }
}
