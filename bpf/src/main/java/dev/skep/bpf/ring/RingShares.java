package dev.skep.bpf.ring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.bpf.libbpf.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * How much of each policy's records has been read, which the programs compare with what they wrote:
 * map {@code ring_read}, in this process' memory. Written by the ring's consumer alone; to be
 * closed after it ended.
 */
public final class RingShares implements AutoCloseable {
  private static final VarHandle READ = JAVA_LONG.varHandle();

  /** Of the kernel's own before each record. */
  private static final long HEAD = 8;

  private final MemorySegment read;

  public RingShares(KernelMap map) throws BpfException {
    this(Libc.map(map.fd(), 0, (long) Structs.HOOKS_MAX * Long.BYTES, true));
  }

  RingShares(MemorySegment read) {
    this.read = read;
  }

  /**
   * A record of so many bytes gives up its room. Before the ring's position says so: an agent that
   * is killed in between reads it again, which errs on the side of the policy.
   */
  void read(long share, long bytes) {
    if (share < Structs.HOOKS_MAX) {
      long at = share * Long.BYTES;
      long taken = HEAD + ((bytes + Long.BYTES - 1) & -Long.BYTES);
      READ.setRelease(read, at, (long) READ.get(read, at) + taken);
    }
  }

  @Override
  public void close() {
    Libc.unmap(read);
  }
}
