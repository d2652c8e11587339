package dev.skep.events.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotationTest {
  private static final String NAME =
      "events-\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\d\\.\\d{3}\\.json";
  private static final int KIB = 1024;

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-22T20:00:00Z"));

  @TempDir private Path dir;
  private Path file;

  @BeforeEach
  void name() {
    file = dir.resolve("events.json");
  }

  @Test
  void noLineIsLostOrDividedAlsoOverRestarts() throws IOException {
    int line = 0;
    for (int run = 0; run < 3; run++) {
      try (var sink = LineSink.toFile(options(200 * KIB, Duration.ZERO, 0, false))) {
        for (int end = line + 7_000; line < end; line++) {
          write(sink, line);
        }
      }
    }
    var told = new ArrayList<String>();
    for (var part : files()) {
      assertThat(Files.size(part)).isLessThanOrEqualTo(200 * KIB);
      told.addAll(Files.readAllLines(part));
    }
    assertThat(told).containsExactlyElementsOf(texts(0, line));
    assertThat(files()).hasSizeBetween(10, 20);
    assertThat(backups()).allSatisfy(name -> assertThat(name).matches(NAME));
  }

  @Test
  void rotatedFilesAreNamedByTheTimeAndNeverReplaced() throws IOException {
    try (var sink = clockedSink(options(KIB, Duration.ZERO, 0, false))) {
      for (int line = 0; line < 33; line++) {
        write(sink, line);
        sink.flush();
      }
    }
    assertThat(backups())
        .containsExactly(
            "events-2026-11-22T20-00-00.000.json", "events-2026-11-22T20-00-00.001.json",
            "events-2026-11-22T20-00-00.002.json", "events-2026-11-22T20-00-00.003.json");
  }

  @Test
  void onlyTheNewestAreKeptAndStrangersAreLeftAlone() throws IOException {
    var stranger = Files.createFile(dir.resolve("events-yesterday.json"));
    var others = Files.createFile(dir.resolve("other-2026-11-22T20-00-00.000.json"));
    try (var sink = LineSink.toFile(options(100 * KIB, Duration.ZERO, 2, false))) {
      for (int line = 0; line < 7_000; line++) {
        write(sink, line);
      }
      sink.flush();
      await().until(() -> sink.counts().written() == 7_000 && backups().size() == 2);
    }
    var told = new ArrayList<String>();
    for (var part : files()) {
      told.addAll(Files.readAllLines(part));
    }
    int first = 7_000 - told.size();
    assertThat(told).containsExactlyElementsOf(texts(first, 7_000));
    assertThat(stranger).exists();
    assertThat(others).exists();
  }

  @Test
  void rotatedFilesAreCompressedWholeWithTheFilesPermissions() throws IOException {
    var options =
        new ExportOptions(
            file, 100 * KIB, Duration.ZERO, 0, true, PosixFilePermissions.fromString("rw-r-----"));
    try (var sink = LineSink.toFile(options)) {
      for (int line = 0; line < 7_000; line++) {
        write(sink, line);
      }
      sink.flush();
      await()
          .atMost(20, TimeUnit.SECONDS)
          .until(() ->
              sink.counts().written() == 7_000
                  && backups().stream().allMatch(name -> name.endsWith(".json.gz")));
    }
    var told = new ArrayList<String>();
    for (var part : files()) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(part)))
          .isEqualTo("rw-r-----");
      told.addAll(part.equals(file) ? Files.readAllLines(part) : gunzip(part));
    }
    assertThat(told).containsExactlyElementsOf(texts(0, 7_000));
    assertThat(files()).hasSizeGreaterThan(5);
  }

  @Test
  void whatAnEarlierAgentLeftIsFinishedAtTheNextStart() throws IOException {
    var left = Files.writeString(dir.resolve("events-2026-01-01T00-00-00.000.json"), "left\n");
    var half = Files.writeString(dir.resolve("events-2026-01-01T00-00-00.000.json.gz.part"), "?");
    var twice = Files.writeString(dir.resolve("events-2026-01-02T00-00-00.000.json"), "twice\n");
    Files.writeString(dir.resolve("events-2026-01-02T00-00-00.000.json.gz"), "whole, but unused");
    var tooOld = Files.writeString(dir.resolve("events-2025-01-01T00-00-00.000.json"), "old\n");

    try (var _ = LineSink.toFile(options(KIB, Duration.ZERO, 2, true))) {
      await()
          .untilAsserted(() ->
              assertThat(backups())
                  .containsExactly(left.getFileName() + ".gz", twice.getFileName() + ".gz"));
    }
    assertThat(gunzip(dir.resolve(left.getFileName() + ".gz"))).containsExactly("left");
    assertThat(gunzip(dir.resolve(twice.getFileName() + ".gz"))).containsExactly("twice");
    assertThat(half).doesNotExist();
    assertThat(tooOld).doesNotExist();
  }

  @Test
  void aFileIsRotatedWhenItIsOldEvenIfNothingComesButNotWhenItIsEmpty() throws IOException {
    try (var sink = clockedSink(options(1_000 * KIB, Duration.ofHours(1), 0, false))) {
      pass(Duration.ofHours(2), sink);
      assertThat(backups()).isEmpty();

      write(sink, 1);
      sink.flush();
      pass(Duration.ofHours(1), sink);
      assertThat(backups()).hasSize(1);
      pass(Duration.ofHours(3), sink);
      assertThat(backups()).hasSize(1);
    }
    assertThat(file).isEmptyFile();
  }

  @Test
  void theAgeOfAFileGoesOnOverRestarts() throws IOException {
    Files.writeString(file, text(0) + "\n");
    now.set(
        Files.readAttributes(file, BasicFileAttributes.class)
            .creationTime()
            .toInstant()
            .plus(Duration.ofMinutes(59)));
    try (var sink = clockedSink(options(1_000 * KIB, Duration.ofHours(1), 0, false))) {
      pass(Duration.ofSeconds(59), sink);
      assertThat(backups()).isEmpty();
      pass(Duration.ofSeconds(2), sink);
      assertThat(backups()).hasSize(1);
    }
  }

  @Test
  void aFileThatSomebodyElseJustRotatedIsNotRotatedAgain() throws IOException {
    try (var sink = clockedSink(options(KIB, Duration.ZERO, 0, false))) {
      for (int line = 0; line < 8; line++) {
        write(sink, line);
        sink.flush();
      }
      Files.move(file, dir.resolve("events.json.1"));
      Files.writeString(file, "another's\n");
      write(sink, 8);
      sink.flush();
    }
    assertThat(backups()).isEmpty();
    assertThat(Files.readAllLines(file)).containsExactly("another's", text(8));
    assertThat(Files.readAllLines(dir.resolve("events.json.1"))).hasSize(8);
  }

  private void pass(Duration time, LineSink sink) {
    now.updateAndGet(before -> before.plus(time));
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    sink.flush();
  }

  private LineSink clockedSink(ExportOptions options) throws IOException {
    InstantSource clock = now::get;
    return new LineSink(new ExportFile(options, clock), nanos::get, 64 * KIB);
  }

  private ExportOptions options(int maxBytes, Duration interval, int maxBackups, boolean compress) {
    return new ExportOptions(
        file, maxBytes, interval, maxBackups, compress, ExportOptions.of(file).permissions());
  }

  private List<String> backups() throws IOException {
    try (var files = Files.list(dir)) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("events-2") && !name.endsWith(".part"))
          .sorted()
          .toList();
    }
  }

  /** In the order of their lines. */
  private List<Path> files() throws IOException {
    var files = new ArrayList<>(backups().stream().map(dir::resolve).toList());
    files.add(file);
    return files;
  }

  private static List<String> gunzip(Path file) throws IOException {
    try (var in = new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(file)))) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    }
  }

  private static List<String> texts(int from, int to) {
    return IntStream.range(from, to).mapToObj(RotationTest::text).toList();
  }

  private static String text(int number) {
    return "event %08d %s".formatted(number, ".".repeat(100));
  }

  private static void write(Sink sink, int number) {
    var line = (text(number) + "\n").getBytes(UTF_8);
    sink.write(line, 0, line.length);
  }
}
