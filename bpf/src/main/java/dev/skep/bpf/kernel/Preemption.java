package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether the kernel can take the CPU from a task in the middle of its own code. There a run of an
 * fentry program is skipped if another task was stopped inside the same program on that CPU.
 */
final class Preemption {
  /**
   * Since then also in a program on a tracepoint, which is skipped for who comes meanwhile. Those
   * of kprobes and of perf's tracepoints run with preemption off.
   */
  private static final KernelVersion TRACEPOINTS = new KernelVersion(7, 0);

  private static final Path CHOSEN = Path.of("/sys/kernel/debug/sched/preempt");
  private static final Path VERSION = Path.of("/proc/version");

  private Preemption() {}

  static boolean reachesTracepoints() throws BpfException {
    return isOn() && !KernelVersion.running().isBefore(TRACEPOINTS);
  }

  /** True where nothing tells. */
  static boolean isOn() {
    return isOn(read(VERSION), read(CHOSEN));
  }

  /**
   * @param version as in /proc/version; empty if it cannot be read
   * @param chosen what a kernel with PREEMPT_DYNAMIC says that it does, such as {@code none
   *     (voluntary) full}; empty if it does not say
   */
  static boolean isOn(String version, String chosen) {
    if (chosen.contains("(none)") || chosen.contains("(voluntary)")) {
      return false;
    }
    return version.isEmpty() || !chosen.isEmpty() || version.contains("PREEMPT");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException _) {
      return "";
    }
  }
}
