package dev.skep.events.sink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects lines and writes them in large pieces. While its outlet cannot be written (a full disk,
 * a folder that went away) it keeps what it has, counts what it has no room for as lost, and tries
 * again every second. No line is ever written in part, but for one that was half written to a file
 * that then vanished.
 */
public final class LineSink implements Sink {
  private static final Logger log = LoggerFactory.getLogger(LineSink.class);

  private static final int BUFFER_BYTES = 64 * 1024;

  /** How often a broken outlet is tried again, and a working one checked for having been moved. */
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Outlet outlet;
  private final LongSupplier nanoClock;
  private final ByteBuffer usualBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();

  /** Usually the usual one; a larger one for a line that does not fit there. */
  private ByteBuffer buffer = usualBuffer;

  /** Lines that end in the buffer. */
  private int buffered;

  private long lastLook;
  private boolean broken;
  private long lostBefore;

  /** Whether the buffer begins within a line, whose first part is written. */
  private boolean torn;

  LineSink(Outlet outlet, LongSupplier nanoClock) {
    this.outlet = outlet;
    this.nanoClock = nanoClock;
    this.lastLook = nanoClock.getAsLong();
  }

  public static LineSink toStdout() {
    return new LineSink(Outlet.stdout(), System::nanoTime);
  }

  /**
   * Appends to a file, which is made if it is not there, in mode 0600 either way.
   *
   * @throws IOException if it cannot be opened now; later troubles are the sink's own
   */
  public static LineSink toFile(Path path) throws IOException {
    try {
      return new LineSink(new ExportFile(path), System::nanoTime);
    } catch (IOException e) {
      throw new IOException("export file " + path + " cannot be opened: " + e, e);
    }
  }

  @Override
  public void write(byte[] line, int offset, int length) {
    if (length > buffer.remaining()) {
      drain();
      if (buffer.position() == 0 && length > buffer.capacity()) {
        buffer = ByteBuffer.allocate(length);
      }
    }
    if (length > buffer.remaining()) {
      lost.incrementAndGet();
    } else {
      buffer.put(line, offset, length);
      buffered++;
    }
  }

  @Override
  public void flush() {
    drain();
  }

  @Override
  public Counts counts() {
    return new Counts(written.get(), lost.get());
  }

  /** Tries a last time, then gives up what is left. */
  @Override
  public void close() {
    lastLook = nanoClock.getAsLong() - LOOK_NANOS;
    drain();
    lost.addAndGet(buffered);
    try {
      outlet.close();
    } catch (IOException e) {
      log.warn("Closing {}: {}", outlet, e.toString());
    }
  }

  private void drain() {
    long now = nanoClock.getAsLong();
    boolean look = now - lastLook >= LOOK_NANOS;
    if (broken && !look) {
      return;
    }
    try {
      if (look) {
        lastLook = now;
        if ((broken || outlet.hasMoved()) && !outlet.reopen()) {
          dropRestOfTornLine();
        }
      }
      writeOut();
      if (broken) {
        broken = false;
        log.info(
            "Writing to {} again; {} events were lost meanwhile", outlet, lost.get() - lostBefore);
      }
    } catch (IOException e) {
      lastLook = now;
      if (!broken) {
        broken = true;
        lostBefore = lost.get();
        log.warn(
            "Cannot write to {}: {}; trying again every second, events that do not fit into {} KiB are lost and counted",
            outlet,
            e.toString(),
            BUFFER_BYTES / 1024);
      }
    }
  }

  /** Writes all that is buffered, or fails and keeps exactly what is not written. */
  private void writeOut() throws IOException {
    buffer.flip();
    try {
      while (buffer.hasRemaining()) {
        if (outlet.write(buffer) == 0) {
          throw new IOException("it is full and does not wait for its reader");
        }
      }
    } finally {
      int lines = buffer.hasRemaining() ? linesIn(buffer, buffer.position()) : buffered;
      written.addAndGet(lines);
      buffered -= lines;
      if (buffer.position() > 0) {
        torn = buffer.get(buffer.position() - 1) != '\n';
      }
      buffer.compact();
    }
    buffer = usualBuffer; // both are empty
  }

  private void dropRestOfTornLine() {
    if (torn) {
      torn = false;
      buffered--;
      lost.incrementAndGet();
      buffer.flip();
      byte last;
      do {
        last = buffer.get(); // the line's end is there: lines are buffered whole
      } while (last != '\n');
      buffer.compact();
    }
  }

  private static int linesIn(ByteBuffer bytes, int end) {
    int lines = 0;
    for (int at = 0; at < end; at++) {
      if (bytes.get(at) == '\n') {
        lines++;
      }
    }
    return lines;
  }
}
