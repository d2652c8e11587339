package dev.skep.events.sink;

import java.util.concurrent.atomic.AtomicLong;

/** What became of a sink's lines. Any thread. */
final class LineCounts {
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong overflowed = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();

  void written(int lines) {
    written.addAndGet(lines);
  }

  void overflowed() {
    overflowed.incrementAndGet();
  }

  void failed(int lines) {
    failed.addAndGet(lines);
  }

  Sink.Counts now() {
    return new Sink.Counts(written.get(), overflowed.get(), failed.get());
  }
}
