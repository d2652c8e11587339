package dev.skep.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/**
 * Cgroups as kubelet and containerd make them with systemd's driver, of pods that no kubelet runs.
 */
final class PodCgroup implements AutoCloseable {
  private final Path root;
  private final Path pod;

  /**
   * @param scratch whose last name is nobody else's
   */
  PodCgroup(Path scratch, String podUid) {
    root = Cgroups.hierarchy().resolve("skep-pods-" + scratch.getFileName() + "-" + podUid);
    pod =
        root.resolve("kubepods.slice/kubepods-burstable.slice")
            .resolve("kubepods-burstable-pod" + podUid.replace('-', '_') + ".slice");
    make(pod);
  }

  /** The pod's own folder. */
  Path pod() {
    return pod;
  }

  /** The folder of a container, made where it is missing. */
  Path container(String id) {
    return make(pod.resolve("cri-containerd-" + id + ".scope"));
  }

  static Path make(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What ran there has to have ended. */
  @Override
  public void close() {
    try (var folders = Files.find(root, Integer.MAX_VALUE, (_, is) -> is.isDirectory())) {
      for (var folder : folders.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
