package dev.skep.events.sink;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects lines and writes them in pieces of up to 64 KiB. What cannot be written yet waits in a
 * queue of 8 MiB; what finds no room there is lost and counted.
 *
 * <p>A file is written by the producer itself, for that is cheapest, and a disk comes to an end
 * with a write. A pipe or a terminal does not, if nobody reads it: it has a thread of its own.
 */
public final class LineSink implements Sink {
  private static final Logger log = LoggerFactory.getLogger(LineSink.class);

  private static final int QUEUE_BYTES = 8 * 1024 * 1024;

  /** What is left at the end has this long; an output that nobody reads would take forever. */
  private static final Duration FAREWELL = Duration.ofSeconds(3);

  private final LineQueue queue;
  private final LineCounts counts = new LineCounts();
  private final Outlet outlet;
  private final LineWriter writer;

  /** Runs the writer; null where the producer does. */
  private final @Nullable Thread thread;

  LineSink(Outlet outlet, LongSupplier nanoClock, int queueBytes) {
    this.queue = new LineQueue(queueBytes);
    this.outlet = outlet;
    this.writer = new LineWriter(queue, outlet, counts, nanoClock);
    this.thread =
        outlet.waitsForReaders()
            ? Thread.ofPlatform().daemon().name("skep-export").start(writer)
            : null;
  }

  public static LineSink toStdout() {
    return new LineSink(Outlet.stdout(), System::nanoTime, QUEUE_BYTES);
  }

  /** As {@link #toFile(ExportOptions)}, with the options that are usual. */
  public static LineSink toFile(Path path) throws IOException {
    return toFile(ExportOptions.of(path));
  }

  /**
   * Appends to a file, which is made if it is not there, with the options' permissions either way.
   *
   * @throws IOException if it cannot be opened now; later troubles are the sink's own
   */
  public static LineSink toFile(ExportOptions options) throws IOException {
    try {
      var file = new ExportFile(options, InstantSource.system());
      return new LineSink(file, System::nanoTime, QUEUE_BYTES);
    } catch (IOException e) {
      throw new IOException("export file " + options.file() + " cannot be opened: " + e, e);
    }
  }

  @Override
  public void write(byte[] line, int offset, int length) {
    if (thread == null && !queue.fits(length)) {
      flush();
    }
    if (queue.add(line, offset, length)) {
      return;
    }
    if (writer.isBroken()) {
      counts.failed(1);
      return;
    }
    counts.overflowed();
    if (writer.overflows()) {
      // Standard error may well be the pipe that nobody reads: this thread must not wait for it.
      var _ = Thread.ofPlatform().daemon().name("skep-export-overflow").start(this::sayOverflow);
    }
  }

  private void sayOverflow() {
    log.warn(
        "Lines come faster than they can be written to {}; those that find no room in its queue are lost and counted",
        outlet);
  }

  @Override
  public void flush() {
    queue.publish();
    if (thread == null) {
      writer.step();
    }
  }

  @Override
  public Counts counts() {
    return counts.now();
  }

  /** Tries a last time, then gives up what is left. */
  @Override
  public void close() {
    queue.end();
    if (thread == null) {
      writer.run();
      return;
    }
    try {
      if (!thread.join(FAREWELL)) {
        int left = queue.size();
        counts.failed(left);
        log.warn("Nobody reads {}: {} events are given up", outlet, left);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
