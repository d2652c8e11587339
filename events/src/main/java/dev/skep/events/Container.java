package dev.skep.events;

import static dev.skep.events.KernelText.wellFormed;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;

/**
 * A container of a pod as events tell of it.
 *
 * @param id with its runtime, such as {@code containerd://0123…}
 * @param name empty where only the id is known
 * @param imageId digest and all
 * @param image as its pod asks for it
 * @param startNanos when it began, wall-clock nanoseconds since 1970-01-01 UTC; 0 if that is not
 *     known
 * @param probes commands of its exec probes
 */
public record Container(
    String id,
    String name,
    String imageId,
    String image,
    long startNanos,
    boolean privileged,
    List<Probe> probes) {
  public Container {
    id = wellFormed(id);
    name = wellFormed(name);
    imageId = wellFormed(imageId);
    image = wellFormed(image);
    probes = List.copyOf(probes);
  }

  /** One of which only the id is known. */
  public static Container ofId(String id) {
    return new Container(id, "", "", "", 0, false, List.of());
  }

  /**
   * Whether the process may be the run of a probe: it was called by the probe's name, in whatever
   * folder, with exactly its arguments. Somebody else can do that too.
   */
  public boolean mayProbe(ProcessFacts process) {
    for (var probe : probes) {
      if (probe.arguments().equals(process.arguments())
          && (probe.program().equals(lastName(process.binary()))
              || probe.program().equals(lastName(process.calledAs())))) {
        return true;
      }
    }
    return false;
  }

  /**
   * @param program without its folder
   * @param arguments one line, see {@link KernelText#arguments}
   */
  public record Probe(String program, String arguments) {
    /**
     * @param command the program and its arguments; not empty
     */
    public static Probe of(List<String> command) {
      return new Probe(
          lastName(command.getFirst()),
          KernelText.arguments((String.join("\0", command) + "\0").getBytes(UTF_8)));
    }
  }

  private static String lastName(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
