package dev.skep.bpf.ring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.bpf.libbpf.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Reads a BPF ring buffer from its mapping, without a call per record. The mapping: one page with
 * the consumer's position, one with the producer's, the data (twice in a row, so that no record is
 * broken at the end). Each record: length with two flags (32 bits), 32 bits of the kernel's own,
 * then the bytes, rounded up to 8.
 *
 * <p>One consumer at a time; {@link #close} from any thread.
 */
public final class RingReader implements AutoCloseable {
  private static final VarHandle POSITION = JAVA_LONG.varHandle();
  private static final VarHandle LENGTH = JAVA_INT.varHandle();

  private static final int BUSY = 1 << 31;
  private static final int DISCARDED = 1 << 30;
  private static final int RECORD_HEAD = 8;

  /**
   * Publishing the position also tells the kernel not to wake us: often enough, but not each time.
   */
  private static final int PUBLISH_PARTS = 32;

  /** Only an interrupt waits for it; records and close wake the poll. */
  private static final int POLL_MILLIS = 1000;

  private final KernelMap map;
  private final RecordDecoder decoder;
  private final long size;
  private final MemorySegment consumerPage;
  private final MemorySegment producer;
  private final long dataAt;
  private final int waker;
  private final ReentrantLock consuming = new ReentrantLock();
  private volatile boolean closed;
  private boolean unmapped; // guarded by consuming

  /**
   * @param map of type ringbuf; borrowed, must stay open as long as this
   */
  public RingReader(KernelMap map, RecordDecoder decoder) throws BpfException {
    this.map = map;
    this.decoder = decoder;
    this.size = map.maxEntries();
    long page = Libc.pageSize();
    this.dataAt = page;
    this.waker = Libc.eventfd();
    this.consumerPage = Libc.map(map.fd(), 0, page, true);
    this.producer = Libc.map(map.fd(), page, page + 2 * size, false);
  }

  /**
   * Drains, hands over, sleeps; blocks when nothing comes. Returns after {@link #close} or an
   * interrupt, which stays set.
   *
   * @throws IllegalStateException if another thread consumes
   */
  public void consume(SkepKernel.Consumer consumer) throws BpfException {
    if (!consuming.tryLock()) {
      if (closed) {
        return; // it is close() that holds the lock
      }
      throw new IllegalStateException("the ring " + map.name() + " has a consumer already");
    }
    try {
      if (!unmapped) {
        loop(consumer);
      }
    } finally {
      if (closed) {
        unmap();
      }
      consuming.unlock();
    }
  }

  private void loop(SkepKernel.Consumer consumer) throws BpfException {
    var pace = new Pace(size);
    long lastDrain = System.nanoTime();
    while (!closed && !Thread.currentThread().isInterrupted()) {
      lastDrain = drainAndWait(consumer, pace, lastDrain);
    }
  }

  /** A method of its own, for the compiler: the loop around it is entered once. */
  private long drainAndWait(SkepKernel.Consumer consumer, Pace pace, long lastDrain)
      throws BpfException {
    long bytes = drain(consumer);
    long now = System.nanoTime();
    if (bytes > 0 && !closed) {
      consumer.pause();
      LockSupport.parkNanos(pace.afterDrain(bytes, now - lastDrain));
    } else if (!closed) {
      pace.afterIdle();
      consumer.idle();
      if (!closed) {
        Libc.poll(map.fd(), waker, POLL_MILLIS);
      }
    }
    return now;
  }

  /** Hands over all that is complete; how many bytes of the ring that were. */
  private long drain(SkepKernel.Consumer consumer) {
    long begin = (long) POSITION.getVolatile(consumerPage, 0L);
    long position = begin;
    long published = begin;
    long end = (long) POSITION.getAcquire(producer, 0L);
    try {
      while (position < end && !closed) {
        long at = dataAt + (position & (size - 1));
        int length = (int) LENGTH.getAcquire(producer, at);
        if ((length & BUSY) != 0) {
          break; // still being written: so are, for the order's sake, all behind it
        }
        long bytes = length & ~DISCARDED;
        position += (bytes + RECORD_HEAD + Long.BYTES - 1) & -Long.BYTES;
        if ((length & DISCARDED) == 0) {
          var kernelRecord = decoder.decode(producer, at + RECORD_HEAD, bytes);
          if (kernelRecord != null) {
            consumer.accept(kernelRecord);
          }
        }
        if (position - published >= size / PUBLISH_PARTS) {
          POSITION.setRelease(consumerPage, 0L, position);
          published = position;
        }
        if (position >= end) {
          end = (long) POSITION.getAcquire(producer, 0L);
        }
      }
    } finally {
      // Volatile: must be seen before poll(2) looks whether the ring is empty. A record that the
      // consumer choked on is not handed over again.
      POSITION.setVolatile(consumerPage, 0L, position);
    }
    return position - begin;
  }

  /** Ends {@link #consume} within some 40 ms and waits for it, then lets go of the mapping. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    Libc.wake(waker);
    if (consuming.isHeldByCurrentThread()) {
      return; // called by the consumer itself: consume() cleans up when it returns
    }
    consuming.lock();
    try {
      unmap();
    } finally {
      consuming.unlock();
    }
  }

  private void unmap() {
    if (!unmapped) {
      unmapped = true;
      Libc.unmap(consumerPage);
      Libc.unmap(producer);
      Libc.close(waker);
    }
  }
}
