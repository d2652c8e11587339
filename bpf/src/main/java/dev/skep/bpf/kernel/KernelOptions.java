package dev.skep.bpf.kernel;

import dev.skep.bpf.libbpf.Libc;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * @param folder of bpffs, for the pins; made if it is missing. Each agent of a machine needs its
 *     own
 * @param ringBytes a power of two, at least two pages; counts twice in the process' resident size
 * @param dispatch null: the best that the kernel has
 */
public record KernelOptions(
    Path folder, int ringBytes, ProcessOptions processes, @Nullable Dispatch dispatch) {
  public static final Path DEFAULT_FOLDER = Path.of("/sys/fs/bpf/skep");
  public static final int DEFAULT_RING_BYTES = 4 << 20;

  public KernelOptions {
    folder = folder.toAbsolutePath().normalize();
    long least = 2 * Libc.pageSize();
    if (Integer.bitCount(ringBytes) != 1 || ringBytes < least) {
      throw new IllegalArgumentException(
          "ring of " + ringBytes + " bytes: must be a power of two, at least " + least);
    }
  }

  public KernelOptions(Path folder, int ringBytes, ProcessOptions processes) {
    this(folder, ringBytes, processes, null);
  }

  public KernelOptions(Path folder, int ringBytes) {
    this(folder, ringBytes, ProcessOptions.defaults());
  }

  public static KernelOptions defaults() {
    return new KernelOptions(DEFAULT_FOLDER, DEFAULT_RING_BYTES);
  }
}
