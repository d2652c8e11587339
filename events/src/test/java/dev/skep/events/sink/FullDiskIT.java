package dev.skep.events.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.skep.events.sink.Sink.Counts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** On real file systems that are really full, or cannot be written. */
class FullDiskIT {
  private static final Logger LOGGER =
      (Logger) LoggerFactory.getLogger(LineSink.class.getPackageName());
  private static final int DISK_KIB = 512;

  private final ListAppender<ILoggingEvent> said = new ListAppender<>();

  @TempDir private Path disk;

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    assumeThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
        .as("mounting a small file system needs root")
        .isEqualTo(0);
    run("mount", "-t", "tmpfs", "-o", "size=" + DISK_KIB + "k", "tmpfs", disk.toString());
    said.start();
    LOGGER.addAppender(said);
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    LOGGER.detachAppender(said);
    if (Files.getFileStore(disk).type().equals("tmpfs")) {
      run("umount", disk.toString());
    }
  }

  @Test
  void allLinesAreEitherWholeInTheFileOrCountedAsLost() throws IOException {
    var filler = Files.write(disk.resolve("filler"), new byte[256 * 1024]);
    var file = disk.resolve("events.json");
    int lines = 0;
    try (var sink = sink(ExportOptions.of(file))) {
      for (; sink.counts().lost() == 0; lines++) {
        write(sink, lines);
      }
      assertThat(Files.size(file)).isBetween(200L * 1024, 256L * 1024);

      Files.delete(filler);
      await()
          .atMost(5, TimeUnit.SECONDS)
          .until(() -> {
            sink.flush();
            return Files.size(file) > 256 * 1024;
          });
      write(sink, lines++);
      sink.flush();

      assertThat(sink.counts()).isEqualTo(new Counts(lines - 1, 0, 1));
      int last = lines - 1;
      assertThat(Files.readAllLines(file))
          .hasSize(last)
          .allSatisfy(line -> assertThat(line).matches("event \\d{8} .{400}"))
          .last()
          .asString()
          .startsWith("event %08d ".formatted(last));
    }
  }

  @Test
  void aFolderThatBecomesReadOnlyKeepsItsLinesUntilItCanBeWrittenAgain()
      throws IOException, InterruptedException {
    var folder = Files.createDirectory(disk.resolve("logs"));
    var file = folder.resolve("events.json");
    try (var sink = LineSink.toFile(file)) {
      write(sink, 0);
      sink.flush();
      await().until(() -> sink.counts().written() == 1);

      run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder.toString());
      try {
        await()
            .untilAsserted(() -> {
              sink.flush();
              assertThat(said.list)
                  .singleElement()
                  .asString()
                  .contains("Cannot write to export file", "Read-only file system");
            });
        write(sink, 1);
        sink.flush();
        assertThat(sink.counts()).isEqualTo(new Counts(1, 0, 0));
      } finally {
        run("umount", folder.toString());
      }
      await()
          .atMost(10, TimeUnit.SECONDS)
          .until(() -> {
            sink.flush();
            return sink.counts().written() == 2;
          });
      assertThat(sink.counts()).isEqualTo(new Counts(2, 0, 0));
      assertThat(said.list).hasSize(2).last().asString().contains("again; 0 events were lost");
    }
    assertThat(Files.readAllLines(file)).hasSize(2);
  }

  @Test
  void aFileThatCannotBeRenamedGoesOnGrowing() throws IOException, InterruptedException {
    var file = Files.createFile(disk.resolve("events.json"));
    run("mount", "--bind", file.toString(), file.toString());
    try (var sink = sink(small(file, 10 * 1024))) {
      for (int line = 0; line < 100; line++) {
        write(sink, line);
        sink.flush();
      }
      assertThat(sink.counts()).isEqualTo(new Counts(100, 0, 0));
    } finally {
      run("umount", file.toString());
    }
    assertThat(Files.readAllLines(file)).hasSize(100);
    assertThat(said.list).singleElement().asString().contains("cannot be rotated");
    try (var files = Files.list(disk)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void rotationAloneKeepsADiskFromFillingUp() throws IOException {
    var file = disk.resolve("events.json");
    int lines = 10_000; // four times the disk
    try (var sink = sink(small(file, 64 * 1024))) {
      for (int line = 0; line < lines; line++) {
        write(sink, line);
        if (line % 100 == 0) {
          sink.flush();
          await()
              .pollDelay(Duration.ZERO)
              .pollInterval(Duration.ofMillis(1))
              .until(() -> backups() <= 2);
        }
      }
      assertThat(sink.counts().lost()).isZero();
    }
    assertThat(said.list).isEmpty();
    assertThat(Files.readString(file)).contains("event %08d ".formatted(lines - 1));
  }

  private long backups() throws IOException {
    try (var files = Files.list(disk)) {
      return files.count() - 1;
    }
  }

  private static ExportOptions small(Path file, int maxBytes) {
    var usual = ExportOptions.of(file);
    return new ExportOptions(file, maxBytes, Duration.ZERO, 2, false, usual.permissions());
  }

  /** Of two pieces of memory. */
  private static LineSink sink(ExportOptions options) throws IOException {
    return new LineSink(
        new ExportFile(options, InstantSource.system()), System::nanoTime, 2 * 64 * 1024);
  }

  private static void write(Sink sink, int number) {
    var line = "event %08d %s\n".formatted(number, ".".repeat(400)).getBytes(UTF_8);
    sink.write(line, 0, line.length);
  }

  private static void run(String... command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
  }
}
