package dev.skep.events.sink;

import dev.skep.events.sink.LineQueue.Chunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the lines of a queue, in large pieces. While its outlet cannot be written (a full disk, a
 * folder that went away) it leaves them where they are and tries again every second. No line is
 * ever written in part, but for one that was half written to a file that then vanished. One thread:
 * its own, or the producer's.
 */
final class LineWriter implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(LineSink.class);

  /** How often a broken outlet is tried again, and a working one checked for having been moved. */
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Waking for every piece would cost more than writing it: this long pieces may come together. */
  private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final LineQueue queue;
  private final Outlet outlet;
  private final LineCounts counts;
  private final LongSupplier nanoClock;

  /** Set when lines find no room though the outlet works, and the world was told. */
  private final AtomicBoolean overflowing = new AtomicBoolean();

  private volatile boolean broken;
  private long lastLook;
  private long lostBefore;

  /** Whether the queue begins within a line, whose first part is written. */
  private boolean torn;

  LineWriter(LineQueue queue, Outlet outlet, LineCounts counts, LongSupplier nanoClock) {
    this.queue = queue;
    this.outlet = outlet;
    this.counts = counts;
    this.nanoClock = nanoClock;
    this.lastLook = nanoClock.getAsLong();
  }

  /** Until the queue has ended; then tries a last time and gives up what is left. */
  @Override
  public void run() {
    try {
      while (!queue.isEnded()) {
        step();
        if (broken) {
          queue.awaitEnd(LOOK_NANOS);
        } else {
          queue.nap(NAP_NANOS);
          queue.awaitLines(LOOK_NANOS);
        }
      }
    } catch (InterruptedException e) {
      log.warn("Writing to {} was interrupted", outlet);
    } finally {
      lastLook = nanoClock.getAsLong() - LOOK_NANOS;
      step();
      counts.failed(queue.size());
      close();
    }
  }

  private void close() {
    try {
      outlet.close();
    } catch (IOException e) {
      log.warn("Closing {}: {}", outlet, e.toString());
    }
  }

  /** Whether the outlet cannot be written. Any thread. */
  boolean isBroken() {
    return broken;
  }

  /** Whether this is the first that was heard of it since the queue was last empty. Any thread. */
  boolean overflows() {
    return overflowing.compareAndSet(false, true);
  }

  /** Writes all that there is, if it can be written. */
  void step() {
    if (broken && !isTimeToLook()) {
      return;
    }
    try {
      look();
      for (var chunk = queue.next(); chunk != null; chunk = queue.next()) {
        write(chunk);
        look();
      }
      if (broken) {
        broken = false;
        log.info("Writing to {} again; {} events were lost meanwhile", outlet, lostMeanwhile());
      } else if (overflowing.getAndSet(false)) {
        log.info("Lines are written to {} as fast as they come again", outlet);
      }
    } catch (IOException e) {
      lastLook = nanoClock.getAsLong();
      if (!broken) {
        broken = true;
        lostBefore = counts.now().lost();
        log.warn(
            "Cannot write to {}: {}; trying again every second, events that the queue has no room for are lost and counted",
            outlet,
            e.toString());
      }
    }
  }

  private long lostMeanwhile() {
    return counts.now().lost() - lostBefore;
  }

  private boolean isTimeToLook() {
    return nanoClock.getAsLong() - lastLook >= LOOK_NANOS;
  }

  private void look() throws IOException {
    if (isTimeToLook()) {
      lastLook = nanoClock.getAsLong();
      if ((broken || outlet.hasMoved()) && !outlet.reopen()) {
        dropRestOfTornLine();
      }
      if (!torn) {
        outlet.prepare(0);
      }
    }
  }

  /** Writes all of it, or fails and keeps exactly what is not written. */
  private void write(Chunk chunk) throws IOException {
    var bytes = chunk.unwritten();
    int begin = bytes.position();
    if (!torn) {
      outlet.prepare(bytes.remaining());
    }
    try {
      while (bytes.hasRemaining()) {
        if (outlet.write(bytes) == 0) {
          throw new IOException("it is full and does not wait for its reader");
        }
      }
    } finally {
      int end = bytes.position();
      int lines = bytes.hasRemaining() ? linesIn(bytes, begin, end) : chunk.lines();
      chunk.done(lines);
      counts.written(lines);
      if (end > begin) {
        torn = bytes.get(end - 1) != '\n';
      }
    }
  }

  private void dropRestOfTornLine() {
    var chunk = torn ? queue.next() : null;
    if (chunk != null) {
      torn = false;
      chunk.done(1);
      counts.failed(1);
      byte last;
      do {
        last = chunk.unwritten().get(); // the line's end is there: lines are published whole
      } while (last != '\n');
    }
  }

  private static int linesIn(ByteBuffer bytes, int begin, int end) {
    int lines = 0;
    for (int at = begin; at < end; at++) {
      if (bytes.get(at) == '\n') {
        lines++;
      }
    }
    return lines;
  }
}
