package dev.skep.events.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.skep.events.sink.Sink.Counts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class LineSinkTest {
  private static final String LINE = "x".repeat(1023) + "\n";
  private static final int LINES_QUEUED = 64;
  private static final int QUEUE_BYTES = 64 * 1024;

  private final AtomicLong clock = new AtomicLong();
  private final ListAppender<ILoggingEvent> said = new ListAppender<>();

  @TempDir private Path dir;

  @BeforeEach
  void listen() {
    said.list = new CopyOnWriteArrayList<>(); // what writes to a device is a thread of its own
    said.start();
    ((Logger) LoggerFactory.getLogger(LineSink.class)).addAppender(said);
  }

  @AfterEach
  void cease() {
    ((Logger) LoggerFactory.getLogger(LineSink.class)).detachAppender(said);
  }

  @Test
  void linesAreWrittenWhenThereAreManyOrWhenTheProducerSaysSo() throws IOException {
    var file = dir.resolve("events.json");
    try (var sink = LineSink.toFile(file)) {
      write(sink, "one\n");
      assertThat(file).isEmptyFile();
      sink.flush();
      assertThat(file).hasContent("one\n");

      write(sink, LINE, LINES_QUEUED - 1);
      assertThat(Files.size(file)).isEqualTo(4);
      write(sink, LINE);
      assertThat(Files.size(file)).isEqualTo(4 + 63 * 1024);
      assertThat(sink.counts()).isEqualTo(new Counts(LINES_QUEUED, 0, 0));
    }
    assertThat(Files.size(file)).isEqualTo(4 + 64 * 1024);
  }

  @Test
  void aLineLongerThanTheBufferIsWrittenWhole() throws IOException {
    var file = dir.resolve("events.json");
    var longLine = "y".repeat(300_000) + "\n";
    try (var sink = LineSink.toFile(file)) {
      write(sink, "before\n");
      write(sink, longLine);
      write(sink, "after\n");
    }
    assertThat(file).hasContent("before\n" + longLine + "after\n");
  }

  @Test
  void theFileIsItsOwnersAloneAndIsAppendedTo() throws IOException {
    var file = Files.writeString(dir.resolve("events.json"), "before\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

    try (var sink = sink(file)) {
      write(sink, "after\n");
    }

    assertThat(file).hasContent("before\nafter\n");
    assertThat(permissions(file)).isEqualTo("rw-------");
  }

  @Test
  void aNewFileIsItsOwnersAlone() throws IOException {
    sink(dir.resolve("new.json")).close();

    assertThat(permissions(dir.resolve("new.json"))).isEqualTo("rw-------");
  }

  @Test
  void aDeviceKeepsItsPermissions() throws IOException {
    var before = permissions(Path.of("/dev/null"));

    sink(Path.of("/dev/null")).close();

    assertThat(permissions(Path.of("/dev/null"))).isEqualTo(before).isNotEqualTo("rw-------");
  }

  @Test
  void theHalfLineOfAnAgentThatWasKilledIsEnded() throws IOException {
    var file = Files.writeString(dir.resolve("events.json"), "whole\nhal");

    try (var sink = sink(file)) {
      write(sink, "next\n");
    }

    assertThat(file).hasContent("whole\nhal\nnext\n");
  }

  @Test
  void aFolderThatIsMissingAtTheStartIsAnErrorThatNamesTheFile() {
    assertThatThrownBy(() -> LineSink.toFile(dir.resolve("missing/events.json")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("missing/events.json");
  }

  @Test
  void aFileThatWasMovedAwayIsBegunAnewWithoutALoss() throws IOException {
    var file = dir.resolve("events.json");
    var moved = dir.resolve("events.json.1");
    try (var sink = sink(file)) {
      write(sink, "one\n");
      sink.flush();
      Files.move(file, moved);
      write(sink, "two\n");
      sink.flush();
      secondsPass(1);
      write(sink, "three\n");
      sink.flush();
      assertThat(sink.counts()).isEqualTo(new Counts(3, 0, 0));
    }
    assertThat(moved).hasContent("one\ntwo\n");
    assertThat(file).hasContent("three\n");
  }

  @Test
  void aFolderThatVanishesIsSaidOnceCountedAndRecoveredFrom() throws IOException {
    var folder = Files.createDirectory(dir.resolve("logs"));
    var file = folder.resolve("events.json");
    try (var sink = sink(file)) {
      Files.delete(file);
      Files.delete(folder);
      for (int second = 0; second < 3; second++) {
        secondsPass(1);
        write(sink, LINE, 30);
        sink.flush();
      }
      assertThat(sink.counts()).isEqualTo(new Counts(0, 0, 90 - LINES_QUEUED));
      assertThat(said.list)
          .singleElement()
          .asString()
          .contains("Cannot write to export file " + file, "NoSuchFileException");

      Files.createDirectory(folder);
      secondsPass(1);
      sink.flush();
      assertThat(sink.counts()).isEqualTo(new Counts(LINES_QUEUED, 0, 90 - LINES_QUEUED));
      assertThat(said.list).hasSize(2).last().asString().contains("26 events were lost");
    }
    assertThat(Files.readAllLines(file)).hasSize(LINES_QUEUED);
  }

  @Test
  void aFullDeviceIsLeftForAFileThatCanBeWritten() throws IOException {
    var link = Files.createSymbolicLink(dir.resolve("events.json"), Path.of("/dev/full"));
    try (var sink = LineSink.toFile(link)) {
      write(sink, "kept\n");
      sink.flush();
      await()
          .untilAsserted(() ->
              assertThat(said.list).singleElement().asString().contains("No space left on device"));

      Files.delete(link);
      await().untilAsserted(() -> assertThat(sink.counts()).isEqualTo(new Counts(1, 0, 0)));
    }
    assertThat(link).hasContent("kept\n");
  }

  @Test
  void whatWasHalfWrittenIsCompletedInTheSameFileAndDroppedInAnother() {
    var outlet = new StingyOutlet();
    try (var sink = new LineSink(outlet, clock::get, QUEUE_BYTES)) {
      outlet.room = 6;
      write(sink, "one\n");
      write(sink, "two\n");
      sink.flush();
      outlet.room = 1000;
      secondsPass(1);
      sink.flush();
      assertThat(outlet.text).hasToString("one\ntwo\n");

      outlet.room = 2;
      write(sink, "three\n");
      write(sink, "four\n");
      sink.flush();
      outlet.room = 1000;
      outlet.replaced = true;
      secondsPass(1);
      sink.flush();
      assertThat(outlet.text).hasToString("one\ntwo\nth|four\n");
      assertThat(sink.counts()).isEqualTo(new Counts(3, 0, 1));
    }
  }

  @Test
  void whatIsLeftAtTheEndIsCountedAsLost() {
    var outlet = new StingyOutlet();
    var sink = new LineSink(outlet, clock::get, QUEUE_BYTES);
    write(sink, "one\n");
    write(sink, "two\n");
    outlet.room = 5;

    sink.close();

    assertThat(sink.counts()).isEqualTo(new Counts(1, 0, 1));
  }

  /** Takes so many bytes and no more. */
  private static final class StingyOutlet implements Outlet {
    final StringBuilder text = new StringBuilder();
    int room;
    boolean replaced;

    @Override
    public int write(ByteBuffer bytes) {
      int count = Math.min(room, bytes.remaining());
      var taken = new byte[count];
      bytes.get(taken);
      text.append(new String(taken, UTF_8));
      room -= count;
      return count;
    }

    @Override
    public boolean waitsForReaders() {
      return false;
    }

    @Override
    public void prepare(int bytes) {}

    @Override
    public boolean hasMoved() {
      return replaced;
    }

    @Override
    public boolean reopen() {
      text.append(replaced ? "|" : "");
      return !replaced;
    }

    @Override
    public void close() {}
  }

  /** Of one piece of memory. */
  private LineSink sink(Path file) throws IOException {
    return new LineSink(
        new ExportFile(ExportOptions.of(file), InstantSource.system()), clock::get, QUEUE_BYTES);
  }

  private void secondsPass(int seconds) {
    clock.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  private static void write(Sink sink, String line, int times) {
    for (int i = 0; i < times; i++) {
      write(sink, line);
    }
  }

  private static void write(Sink sink, String line) {
    var bytes = line.getBytes(UTF_8);
    sink.write(bytes, 0, bytes.length);
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
