package dev.skep.bpf.libbpf;

import dev.skep.bpf.BpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The values of an array, mapped: what programs and bpf(2) write is seen at once. Looking costs no
 * call, which is more than time: while a thread is within bpf(2) on a map, kprobes and perf's
 * tracepoints are skipped on its processor, and where the kernel can be preempted that lasts for as
 * long as the thread is kept from running.
 */
@SuppressWarnings("restricted") // native code is what this package is for
final class ArrayMemory implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment values;
  private final int valueSize;
  private final long stride;
  private final int entries;

  /**
   * @param fd of an array with BPF_F_MMAPABLE; borrowed, and not needed afterwards
   */
  ArrayMemory(int fd, int valueSize, int entries) throws BpfException {
    this.valueSize = valueSize;
    this.entries = entries;
    this.stride = (valueSize + Long.BYTES - 1L) & -Long.BYTES;
    this.values = Libc.map(fd, 0, entries * stride, false).reinterpret(arena, Libc::unmap);
  }

  /** The value itself, not a copy; null if the array is shorter. */
  @Nullable MemorySegment at(int index) {
    return index < 0 || index >= entries ? null : values.asSlice(index * stride, valueSize);
  }

  @Override
  public void close() {
    arena.close();
  }
}
