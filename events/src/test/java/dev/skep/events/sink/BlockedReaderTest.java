package dev.skep.events.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A pipe as between two programs, whose reader stops reading. */
@Timeout(60)
class BlockedReaderTest {
  private static final int LINES = 40_000; // three times the queue

  @TempDir private Path dir;
  private Path pipe;
  private final ListAppender<ILoggingEvent> said = new ListAppender<>();

  @AfterEach
  void cease() {
    ((Logger) LoggerFactory.getLogger(LineSink.class)).detachAppender(said);
  }

  @BeforeEach
  void make() throws IOException, InterruptedException {
    pipe = dir.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    said.list = new CopyOnWriteArrayList<>();
    said.start();
    ((Logger) LoggerFactory.getLogger(LineSink.class)).addAppender(said);
  }

  @Test
  void theProducerNeverWaitsAndTheReaderLaterFindsWholeLines() throws IOException {
    try (var reader = new RandomAccessFile(pipe.toFile(), "rw"); // so that nobody waits for an end
        var sink = LineSink.toFile(pipe)) {
      for (int line = 0; line < LINES; line++) {
        write(sink, line);
      }
      sink.flush();
      long lost = sink.counts().overflowed();
      assertThat(lost).isBetween(LINES / 2L, LINES - 8_000L);

      for (int line = 0, last = -1; line < LINES - lost; line++) {
        var told = reader.readLine();
        assertThat(told).matches("event \\d{8} \\.{600}");
        int number = Integer.parseInt(told.substring(6, 14));
        assertThat(number).isGreaterThan(last);
        last = number;
      }
      await().until(() -> sink.counts().written() == LINES - lost);
      assertThat(sink.counts().failed()).isZero();
      await()
          .untilAsserted(() ->
              assertThat(said.list)
                  .satisfiesExactlyInAnyOrder(
                      event -> assertThat(event.toString()).contains("Lines come faster"),
                      event -> assertThat(event.toString()).contains("as fast as they come")));
    }
  }

  @Test
  void closingWaitsForAWhileAndGivesUpTheRest() throws IOException {
    try (var _ = new RandomAccessFile(pipe.toFile(), "rw")) {
      var sink = LineSink.toFile(pipe);
      for (int line = 0; line < 1_000; line++) {
        write(sink, line);
      }
      await().until(() -> sink.counts().written() > 0);

      sink.close();

      var counts = sink.counts();
      assertThat(counts.failed()).isBetween(800L, 1_000L); // a pipe holds 64 KiB
      assertThat(counts.written() + counts.failed()).isEqualTo(1_000);
    }
  }

  private static void write(Sink sink, int number) {
    var line = "event %08d %s\n".formatted(number, ".".repeat(600)).getBytes(UTF_8);
    sink.write(line, 0, line.length);
  }
}
