package dev.skep.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Of the unified hierarchy, for tests to make their own. */
final class Cgroups {
  private Cgroups() {}

  /** Where the unified hierarchy is mounted. */
  static Path hierarchy() {
    try (var mounts = Files.lines(Path.of("/proc/mounts"))) {
      return mounts
          .map(line -> line.split(" ", -1))
          .filter(mount -> mount[2].equals("cgroup2"))
          .map(mount -> Path.of(mount[1]))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The shell goes there first, and what it starts is there. */
  static String in(Path cgroup, String script) {
    return "echo $$ >" + cgroup + "/cgroup.procs; " + script;
  }
}
