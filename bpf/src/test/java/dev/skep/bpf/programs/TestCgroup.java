package dev.skep.bpf.programs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A cgroup of the unified hierarchy, for as long as a test takes. */
public record TestCgroup(Path folder, long id) implements AutoCloseable {

  public TestCgroup() throws IOException {
    this(Files.createDirectory(unifiedHierarchy().resolve("skep-test-" + System.nanoTime())));
  }

  private TestCgroup(Path folder) throws IOException {
    this(folder, (long) Files.getAttribute(folder, "unix:ino"));
  }

  /** Below this one. */
  public TestCgroup child(String name) throws IOException {
    return new TestCgroup(Files.createDirectory(folder.resolve(name)));
  }

  /** From the root of the hierarchy on. */
  public String path() throws IOException {
    return "/" + unifiedHierarchy().relativize(folder);
  }

  /** What is written to by who wants to be in it. */
  public Path processes() {
    return folder.resolve("cgroup.procs");
  }

  @Override
  public void close() throws IOException {
    try (var below = Files.list(folder)) {
      for (var child : below.filter(Files::isDirectory).toList()) {
        new TestCgroup(child).close();
      }
    }
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
