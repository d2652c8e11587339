package dev.skep.bpf.kernel;

import java.nio.file.Path;

/**
 * @param folder of bpffs, for the pins; made if it is missing. Each agent of a machine needs its
 *     own
 * @param ringBytes a power of two, at least a page; counts twice in the process' resident size
 */
public record KernelOptions(Path folder, int ringBytes, ProcessOptions processes) {
  public static final Path DEFAULT_FOLDER = Path.of("/sys/fs/bpf/skep");
  public static final int DEFAULT_RING_BYTES = 4 << 20;
  private static final int LEAST_RING_BYTES = 64 << 10; // the largest page size, to be good on all

  public KernelOptions {
    folder = folder.toAbsolutePath().normalize();
    if (Integer.bitCount(ringBytes) != 1 || ringBytes < LEAST_RING_BYTES) {
      throw new IllegalArgumentException(
          "ring of " + ringBytes + " bytes: must be a power of two, at least " + LEAST_RING_BYTES);
    }
  }

  public KernelOptions(Path folder, int ringBytes) {
    this(folder, ringBytes, ProcessOptions.defaults());
  }

  public static KernelOptions defaults() {
    return new KernelOptions(DEFAULT_FOLDER, DEFAULT_RING_BYTES);
  }
}
