package dev.skep.agent.options;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.agent.process.ProcessDetails;
import dev.skep.agent.process.ProcessDetails.Family;
import dev.skep.bpf.ProcessHooks.Attachment;
import dev.skep.bpf.kernel.ProcessOptions.Throttle;
import dev.skep.events.sink.ExportOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

class OptionSourcesTest {
  private static final int WRONG = 2;

  @TempDir private Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private final StringWriter said = new StringWriter();

  @Command(name = "run")
  private static final class Run implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;

    @Option(names = "--config-dir")
    private @Nullable Path configDir;

    @ArgGroup(validate = false)
    private KernelFlags kernel = new KernelFlags();

    @ArgGroup(validate = false)
    private PolicyFlags policies = new PolicyFlags();

    @ArgGroup(validate = false)
    private EventFlags events = new EventFlags();

    @ArgGroup(validate = false)
    private ExportFlags export = new ExportFlags();

    @Override
    public Integer call() {
      var command = Objects.requireNonNull(spec);
      var sources = (OptionSources) command.commandLine().getDefaultValueProvider();
      sources.requireKnownFiles(configDir, command);
      return 0;
    }
  }

  @Test
  void theCommandLineGoesBeforeTheEnvironmentTheFolderAndTheDefault() throws IOException {
    file("ring-size", "64K");
    file("execve-map-entries", "1000");
    file("process-cache-size", "200\n");
    environment.put("SKEP_RING_SIZE", "128K");
    environment.put("SKEP_EXECVE_MAP_ENTRIES", "2000");

    var run = run("--config-dir", folder.toString(), "--ring-size", "256K");

    assertThat(run.kernel.options(false).ringBytes()).isEqualTo(256 << 10);
    assertThat(run.kernel.options(false).processes().mapEntries()).isEqualTo(2_000);
    assertThat(run.events.processCacheSize()).isEqualTo(200);
    assertThat(run.kernel.options(false).processes().argumentBytes()).isEqualTo(32 << 10);
  }

  @Test
  void theFolderMayBeNamedByTheEnvironmentAndBeAMountedConfigMap() throws IOException {
    var version = Files.createDirectory(folder.resolve("..2026_11_22"));
    Files.writeString(version.resolve("kube"), "true");
    Files.createSymbolicLink(folder.resolve("..data"), version.getFileName());
    Files.createSymbolicLink(folder.resolve("kube"), Path.of("..data/kube"));
    environment.put("SKEP_CONFIG_DIR", folder.toString());

    assertThat(run().policies.keep()).isTrue();
    assertThat(run("--kube=false").policies.keep()).isFalse();
  }

  @Test
  void aFlagWithoutAValueIsTrueWhateverElseSays() {
    environment.put("SKEP_KUBE", "true");

    assertThat(run("--kube").policies.keep()).isTrue();
    assertThat(refusal("--kube=maybe")).contains("--kube");
  }

  @Test
  void anEmptyValueIsNone() throws IOException {
    file("cgroup-rate", "\n");
    environment.put("SKEP_RING_SIZE", "");
    environment.put("SKEP_CONFIG_DIR", folder.toString());

    assertThat(run().kernel.options(false).processes().throttle()).isNull();
    assertThat(run().kernel.options(false).ringBytes()).isEqualTo(4 << 20);
  }

  @Test
  void aFileThatIsNoOptionIsRefusedByItsName() throws IOException {
    file("ring-sise", "64K");

    assertThat(refusal("--config-dir", folder.toString()))
        .contains(folder.resolve("ring-sise").toString(), "no such option");
  }

  @Test
  void aFolderThatIsNotThereIsRefused() {
    assertThat(refusal("--config-dir", folder + "/none")).contains(folder + "/none");
  }

  @Test
  void aWrongValueIsRefusedWithTheOptionItsSourceAndWhatWouldDo() throws IOException {
    assertThat(refusal("--ring-size", "3M"))
        .contains("--rb-size-total", "power of two")
        .doesNotContain("from");

    environment.put("SKEP_RING_SIZE", "lots");
    assertThat(refusal()).contains("--rb-size-total", "4M", "from SKEP_RING_SIZE");

    environment.clear();
    var file = file("argument-bytes", "3M");
    assertThat(refusal("--config-dir", folder.toString()))
        .contains("--argument-bytes", "2097152", "from " + file);
  }

  @Test
  void twoNamesOfOneOptionAreNotBothGiven() {
    environment.put("SKEP_POLICY", "a.yaml");
    environment.put("SKEP_TRACING_POLICY", "b.yaml");

    assertThat(refusal()).contains("SKEP_POLICY", "SKEP_TRACING_POLICY", "same option");
  }

  @Test
  void severalPoliciesComeFromOneVariable() {
    environment.put("SKEP_TRACING_POLICY", "a.yaml,b");

    assertThat(run().policies.files()).containsExactly(Path.of("a.yaml"), Path.of("b"));
  }

  @Test
  void aRingSizeForEachCpuMakesOneRingForAll() {
    int bytes = run("--rb-size", "60K").kernel.options(false).ringBytes();

    assertThat(bytes)
        .isGreaterThanOrEqualTo((60 << 10) * Runtime.getRuntime().availableProcessors())
        .isLessThanOrEqualTo((128 << 10) * Runtime.getRuntime().availableProcessors());
  }

  @Test
  void whatIsSaidOfTheExportFileIsMeant() {
    var export =
        run(
                "--export-filename",
                "/var/log/skep.log",
                "--export-file-max-size-mb",
                "3",
                "--export-file-rotation-interval",
                "1h30m",
                "--export-file-max-backups",
                "0",
                "--export-file-compress",
                "--export-file-perm",
                "640")
            .export
            .options();

    assertThat(export)
        .isEqualTo(
            new ExportOptions(
                Path.of("/var/log/skep.log"),
                3 << 20,
                Duration.ofMinutes(90),
                0,
                true,
                PosixFilePermissions.fromString("rw-r-----")));
    assertThat(run("--export", "/f").export.options()).isEqualTo(ExportOptions.of(Path.of("/f")));
    assertThat(run().export.options()).isNull();
  }

  @Test
  void nothingIsToldOfProcessesBeyondTheUsualUnlessItIsAskedFor() {
    assertThat(run().events.details()).isEqualTo(ProcessDetails.NONE);
    assertThat(
            run(
                    "--enable-process-cred",
                    "--enable-process-ns=true",
                    "--enable-ancestors",
                    "base,kprobe",
                    "--username-metadata",
                    "unix",
                    "--enable-process-environment-variables",
                    "--filter-environment-variables",
                    "PATH,HOME")
                .events
                .details())
        .isEqualTo(
            new ProcessDetails(
                true,
                true,
                Set.of(Family.BASE, Family.KPROBE),
                true,
                Set.of("PATH", "HOME"),
                true));
  }

  @Test
  void theWaysToSeeProcessesAndTheirRateHaveNames() {
    var options =
        run("--process-hooks", "kprobe", "--cgroup-rate", "100,1m30s").kernel.options(false);

    assertThat(options.processes().attachment()).isEqualTo(Attachment.KPROBE);
    assertThat(options.processes().throttle()).isEqualTo(new Throttle(100, Duration.ofSeconds(90)));
    assertThat(run().kernel.options(false).processes().attachment()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--cgroup-rate | 100",
        "--cgroup-rate | 0,1s",
        "--cgroup-rate | 100,5",
        "--cgroup-rate | 100,0",
        "--execve-map-entries | 63",
        "--execve-map-entries | 99999999999999999999",
        "--execve-map-entries | 20000000000G",
        "--process-hooks | magic",
        "--on-exit | perhaps",
        "--export-file-perm | 888",
        "--export-file-perm | 6000",
        "--export-file-max-size-mb | 0",
        "--export-file-rotation-interval | 1day",
        "--enable-ancestors | base,everything"
      })
  void whatMeansNothingIsRefused(String option, String value) {
    assertThat(refusal(option, value)).contains(option);
  }

  private Run run(String... arguments) {
    var run = new Run();
    assertThat(commandLine(run).execute(arguments)).describedAs("%s", said).isZero();
    return run;
  }

  private String refusal(String... arguments) {
    said.getBuffer().setLength(0);
    assertThat(commandLine(new Run()).execute(arguments)).isEqualTo(WRONG);
    return said.toString();
  }

  private CommandLine commandLine(Run run) {
    return OptionSources.install(new CommandLine(run), environment)
        .setErr(new PrintWriter(said, true));
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text, UTF_8);
  }
}
