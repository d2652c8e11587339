package dev.skep.bpf.programs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A cgroup of the unified hierarchy, for as long as a test takes. */
record TestCgroup(Path folder, long id) implements AutoCloseable {

  TestCgroup() throws IOException {
    this(Files.createDirectory(unifiedHierarchy().resolve("skep-test-" + System.nanoTime())));
  }

  private TestCgroup(Path folder) throws IOException {
    this(folder, (long) Files.getAttribute(folder, "unix:ino"));
  }

  /** What is written to by who wants to be in it. */
  Path processes() {
    return folder.resolve("cgroup.procs");
  }

  @Override
  public void close() throws IOException {
    Files.delete(folder);
  }

  private static Path unifiedHierarchy() throws IOException {
    for (var line : Files.readAllLines(Path.of("/proc/mounts"))) {
      var words = line.split(" ", -1);
      if (words[2].equals("cgroup2")) {
        return Path.of(words[1]);
      }
    }
    throw new IllegalStateException("no cgroup2 is mounted");
  }
}
