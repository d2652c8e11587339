package dev.skep.events.sink;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lines on their way from the thread that makes them to the thread that writes them. Memory is
 * taken as it is needed, up to a bound; the maker never waits.
 */
final class LineQueue {
  static final int CHUNK_BYTES = 64 * 1024;

  /** Empty chunks that are kept; more than two are in use only when the writer falls behind. */
  private static final int SPARE_CHUNKS = 4;

  /** A writer that naps is woken when there are more. */
  private static final int NAP_CHUNKS = 8;

  private final int maxBytes;

  /** Held for a moment per 64 KiB or flush, not per line. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition changed = lock.newCondition();

  /** The first is being written; the last, if it is not sealed, being filled. */
  private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();

  private final ArrayDeque<Chunk> spare = new ArrayDeque<>();
  private int heldBytes;
  private boolean ended;
  private boolean napping;

  // The maker's own.
  private @Nullable Chunk filling;
  private int unpublished;

  LineQueue(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * Lines in one piece of memory: the maker appends at its end, the writer takes from its front.
   */
  static final class Chunk {
    /** The maker's: its position is the end of the lines. */
    private final ByteBuffer bytes;

    /** The writer's: from what is not yet written to the end of what is published. */
    private final ByteBuffer unwritten;

    // Guarded by the lock.
    private int publishedBytes;
    private int publishedLines;
    private boolean sealed;

    /** Lines that end in {@link #unwritten()}; the writer counts down. */
    private int takenLines;

    private Chunk(ByteBuffer bytes) {
      this.bytes = bytes;
      this.unwritten = bytes.duplicate().limit(0);
    }

    ByteBuffer unwritten() {
      return unwritten;
    }

    int lines() {
      return takenLines;
    }

    void done(int lines) {
      takenLines -= lines;
    }
  }

  /** Maker: whether a line of that length fits into the memory that is at hand. */
  boolean fits(int length) {
    return filling == null || length <= filling.bytes.remaining();
  }

  /** Maker: takes a copy of a line, to be published later; or says that there is no room. */
  boolean add(byte[] line, int offset, int length) {
    var chunk = filling;
    if (chunk == null || length > chunk.bytes.remaining()) {
      chunk = turn(length);
      if (chunk == null) {
        return false;
      }
    }
    chunk.bytes.put(line, offset, length);
    unpublished++;
    return true;
  }

  /** Maker: lets the writer have all lines so far. */
  void publish() {
    var chunk = filling;
    if (chunk != null && unpublished > 0) {
      lock.lock();
      try {
        publish(chunk);
      } finally {
        lock.unlock();
      }
    }
  }

  private void publish(Chunk chunk) {
    chunk.publishedBytes = chunk.bytes.position();
    chunk.publishedLines += unpublished;
    unpublished = 0;
    if (!napping || chunks.size() > NAP_CHUNKS) {
      changed.signal();
    }
  }

  /** Seals the chunk that is full and begins another. */
  private @Nullable Chunk turn(int length) {
    int capacity = Math.max(length, CHUNK_BYTES);
    lock.lock();
    try {
      if (filling != null && !filling.sealed) {
        publish(filling);
        filling.sealed = true;
      }
      filling = null;
      if (heldBytes + capacity > maxBytes) {
        return null;
      }
      var chunk =
          capacity > CHUNK_BYTES
              ? new Chunk(ByteBuffer.allocate(capacity))
              : spare.isEmpty() ? new Chunk(ByteBuffer.allocateDirect(capacity)) : spare.pop();
      heldBytes += capacity;
      chunks.add(chunk);
      filling = chunk;
      return chunk;
    } finally {
      lock.unlock();
    }
  }

  /** Maker: no more lines will come. */
  void end() {
    lock.lock();
    try {
      if (filling != null) {
        publish(filling);
      }
      ended = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Writer: the next lines, or what is left of them; null if there are none. */
  @Nullable Chunk next() {
    lock.lock();
    try {
      for (var chunk = chunks.peek(); chunk != null; chunk = chunks.peek()) {
        chunk.takenLines += chunk.publishedLines;
        chunk.publishedLines = 0;
        chunk.unwritten.limit(chunk.publishedBytes);
        if (chunk.unwritten.hasRemaining() || !chunk.sealed) {
          return chunk.unwritten.hasRemaining() ? chunk : null;
        }
        chunks.remove();
        recycle(chunk);
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private void recycle(Chunk chunk) {
    heldBytes -= chunk.bytes.capacity();
    if (chunk.bytes.isDirect() && spare.size() < SPARE_CHUNKS) {
      chunk.bytes.clear();
      chunk.unwritten.position(0).limit(0);
      chunk.publishedBytes = 0;
      chunk.sealed = false;
      spare.push(chunk);
    }
  }

  /** Writer: waits until there are many lines, or the end has come, or the time is over. */
  void nap(long nanos) throws InterruptedException {
    lock.lock();
    try {
      napping = true;
      await(() -> chunks.size() > NAP_CHUNKS, nanos);
    } finally {
      napping = false;
      lock.unlock();
    }
  }

  /** Writer: waits until there are lines, or the end has come, or the time is over. */
  void awaitLines(long nanos) throws InterruptedException {
    await(this::hasLines, nanos);
  }

  private boolean hasLines() {
    var last = chunks.peekLast();
    return chunks.size() > 1 || (last != null && last.publishedBytes > last.unwritten.position());
  }

  /** Writer: waits until the end has come, or the time is over. */
  void awaitEnd(long nanos) throws InterruptedException {
    await(() -> false, nanos);
  }

  /**
   * Until it is enough, which is asked under the lock, or the end has come, or the time is over.
   */
  private void await(BooleanSupplier enough, long nanos) throws InterruptedException {
    lock.lock();
    try {
      long left = nanos;
      while (!ended && !enough.getAsBoolean() && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  boolean isEnded() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  /** Lines that are not written, counting those that are being written as such. Any thread. */
  int size() {
    lock.lock();
    try {
      return chunks.stream().mapToInt(chunk -> chunk.publishedLines + chunk.takenLines).sum();
    } finally {
      lock.unlock();
    }
  }
}
