package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelTracepoint;
import dev.skep.bpf.libbpf.Libc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The kernel's file system of tracepoints. */
public final class Tracefs {
  private static final Path TRACEFS = Path.of("/sys/kernel/tracing");
  private static final Path DEBUGFS =
      Path.of("/sys/kernel/debug/tracing"); // libbpf looks here first

  private Tracefs() {}

  /**
   * Where it is; mounted if it was not: in a container it is not, though the machine may have it.
   */
  static Path mount() throws BpfException {
    var at = Files.exists(DEBUGFS) ? DEBUGFS : TRACEFS;
    if (!Files.exists(at.resolve("events"))) {
      try {
        Libc.mountTracefs(at.toString());
      } catch (BpfException e) {
        throw new BpfException(
            "open", 0, "%s; mount it (mount -t tracefs tracefs %s)".formatted(e.getMessage(), at));
      }
    }
    return at;
  }

  /**
   * What the kernel says of a tracepoint.
   *
   * @throws BpfException if tracefs is not there, and cannot be mounted
   */
  public static KernelTracepoint tracepoint(String subsystem, String event) throws BpfException {
    var format = mount().resolve("events").resolve(subsystem).resolve(event).resolve("format");
    try {
      return TracepointFormat.parse(Files.readString(format, StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException _) {
      return new KernelTracepoint.Missing();
    } catch (IOException e) {
      throw new BpfException("tracefs", 0, "reading " + format + " failed: " + e);
    }
  }
}
