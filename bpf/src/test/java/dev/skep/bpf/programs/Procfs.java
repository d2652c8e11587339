package dev.skep.bpf.programs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The processes of this machine by procfs: the truth that the sensor's is held against. */
final class Procfs {
  private static final Path PROC = Path.of("/proc");
  private static final int START_FIELD = 19; // of /proc/PID/stat, counted from behind the name

  /** Nanoseconds of one unit of procfs' times, which are hundredths of a second everywhere. */
  static final long TICK = 10_000_000;

  private Procfs() {}

  /** By id, when each started, in ticks since boot. */
  static Map<Integer, Long> starts() throws IOException {
    var starts = new HashMap<Integer, Long>();
    try (var processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (var process : processes) {
        int pid = Integer.parseInt(process.getFileName().toString());
        try {
          var stat = Files.readString(process.resolve("stat"));
          var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
          if (!fields[0].equals("Z")) {
            starts.put(pid, Long.parseLong(fields[START_FIELD]));
          }
        } catch (NoSuchFileException _) {
          // it has ended since
        } catch (IOException e) {
          if (!String.valueOf(e.getMessage()).contains("No such process")) {
            throw e;
          }
        }
      }
    }
    return starts;
  }

  /** Now, in ticks since boot. */
  static long now() throws IOException {
    var uptime = Files.readString(PROC.resolve("uptime"));
    return (long) (Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) * 100);
  }
}
