package dev.skep.agent.options;

import dev.skep.bpf.ProcessHooks.Attachment;
import dev.skep.bpf.kernel.KernelOptions;
import dev.skep.bpf.kernel.ProcessOptions;
import dev.skep.bpf.kernel.ProcessOptions.Throttle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What the agent has in the kernel. */
public final class KernelFlags {
  public static final String BPF_DIR = "/sys/fs/bpf/skep";

  private static final int LEAST_RING_BYTES = 64 << 10;
  private static final int MOST_RING_BYTES = 1 << 30;

  enum ProcessHooks {
    auto,
    fentry,
    kprobe,
    tracepoint
  }

  @Option(
      names = "--bpf-dir",
      paramLabel = "DIR",
      defaultValue = BPF_DIR,
      description = "Folder of bpffs for the agent's pins (default: ${DEFAULT-VALUE}).")
  private Path bpfDir = Path.of(BPF_DIR);

  @Option(
      names = {"--rb-size-total", "--ring-size"},
      paramLabel = "BYTES",
      converter = RingBytes.class,
      defaultValue = "4M",
      description = "Of the events' ring, a power of two (default: ${DEFAULT-VALUE}).")
  private int ringBytes;

  @Option(
      names = "--rb-size",
      paramLabel = "BYTES",
      converter = RingBytesPerCpu.class,
      description =
          "The same for each CPU, rounded up to a power of two in all; goes before --rb-size-total.")
  private @Nullable Integer ringBytesPerCpu;

  @Option(
      names = "--execve-map-entries",
      paramLabel = "NUMBER",
      converter = MapEntries.class,
      defaultValue = "" + ProcessOptions.DEFAULT_MAP_ENTRIES,
      description = "Processes that the kernel's map can hold (default: ${DEFAULT-VALUE}).")
  private int mapEntries;

  @Option(
      names = "--argument-bytes",
      paramLabel = "BYTES",
      converter = TextBytes.class,
      defaultValue = "32K",
      description =
          "Most bytes of a program's arguments that are told, and of its environment, up to 2M (default: ${DEFAULT-VALUE}).")
  private int argumentBytes;

  @Option(
      names = "--process-hooks",
      paramLabel = "auto|fentry|kprobe|tracepoint",
      defaultValue = "auto",
      description =
          "What the life of processes is seen by (default: ${DEFAULT-VALUE}, the best that the kernel has).")
  private ProcessHooks processHooks = ProcessHooks.auto;

  @Option(
      names = "--cgroup-rate",
      paramLabel = "EVENTS,INTERVAL",
      converter = Values.Rate.class,
      description =
          "Forks and execs of one cgroup that are told in an interval, such as 100,1s; further ones are only counted (default: no limit).")
  private @Nullable Throttle cgroupRate;

  /**
   * @param environment whether it is read at each exec
   */
  public KernelOptions options(boolean environment) {
    return new KernelOptions(
        bpfDir,
        ringBytesPerCpu == null ? ringBytes : ringBytesPerCpu,
        new ProcessOptions(
            mapEntries,
            argumentBytes,
            environment ? argumentBytes : 0,
            false,
            cgroupRate,
            attachment()));
  }

  private @Nullable Attachment attachment() {
    return switch (processHooks) {
      case auto -> null;
      case fentry -> Attachment.FENTRY;
      case kprobe -> Attachment.KPROBE;
      case tracepoint -> Attachment.TRACEPOINT;
    };
  }

  static final class RingBytes extends Values.Whole {
    RingBytes() {
      super(2 * 4096, MOST_RING_BYTES);
    }

    @Override
    public Integer convert(String value) {
      int bytes = super.convert(value);
      try {
        return new KernelOptions(KernelOptions.DEFAULT_FOLDER, bytes).ringBytes();
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /** There is one ring for all CPUs. */
  static final class RingBytesPerCpu extends Values.Whole {
    RingBytesPerCpu() {
      super(4096, 1 << 26);
    }

    @Override
    public Integer convert(String value) {
      long all = (long) super.convert(value) * Runtime.getRuntime().availableProcessors();
      long rounded = Long.highestOneBit(2 * all - 1);
      return Math.clamp(rounded, LEAST_RING_BYTES, MOST_RING_BYTES);
    }
  }

  static final class MapEntries extends Values.Whole {
    MapEntries() {
      super(64, 1 << 24);
    }
  }

  static final class TextBytes extends Values.Whole {
    TextBytes() {
      super(0, ProcessOptions.ARGUMENT_BYTES_MAX);
    }
  }
}
