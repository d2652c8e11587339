package dev.skep.events.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a real file system that is really full. */
class FullDiskIT {
  private static final int DISK_KIB = 512;

  @TempDir private Path disk;

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    assumeThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
        .as("mounting a small file system needs root")
        .isEqualTo(0);
    run("mount", "-t", "tmpfs", "-o", "size=" + DISK_KIB + "k", "tmpfs", disk.toString());
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    if (Files.getFileStore(disk).type().equals("tmpfs")) {
      run("umount", disk.toString());
    }
  }

  @Test
  void allLinesAreEitherWholeInTheFileOrCountedAsLost() throws IOException {
    var filler = Files.write(disk.resolve("filler"), new byte[256 * 1024]);
    var file = disk.resolve("events.json");
    int lines = 0;
    try (var sink = LineSink.toFile(file)) {
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

      assertThat(sink.counts().written() + sink.counts().lost()).isEqualTo(lines);
      assertThat(sink.counts().lost()).isEqualTo(1);
      int last = lines - 1;
      assertThat(Files.readAllLines(file))
          .hasSize(last)
          .allSatisfy(line -> assertThat(line).matches("event \\d{8} .{400}"))
          .last()
          .asString()
          .startsWith("event %08d ".formatted(last));
    }
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
