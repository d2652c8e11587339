package dev.skep.agent;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JSON for the agent that comes next, beside the pins that it will find and no longer than these:
 * gone with the machine's uptime. One thread.
 */
final class RunFile<T> {
  private static final Logger LOG = LoggerFactory.getLogger(RunFile.class);
  private static final Path RUN = Path.of("/run/skep");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final TypeReference<T> type;

  /**
   * @param pins folder of bpffs that holds the agent's pins
   */
  RunFile(Path pins, String what, TypeReference<T> type) {
    var name = pins.toAbsolutePath().normalize().toString().substring(1).replace('/', '-');
    this.file = RUN.resolve(name + "." + what + ".json");
    this.type = type;
  }

  /** Empty if there is none that can be read. */
  Optional<T> load() {
    try {
      return Files.exists(file)
          ? Optional.of(JSON.readValue(file.toFile(), type))
          : Optional.empty();
    } catch (IOException e) {
      LOG.warn("{} cannot be read: {}", file, e.toString());
      return Optional.empty();
    }
  }

  /** Whole or not at all. */
  void save(T what) {
    try {
      Files.createDirectories(RUN);
      var next =
          Files.createTempFile(
              RUN,
              "next",
              ".json",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      JSON.writeValue(next.toFile(), what);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.warn("{} cannot be written: {}", file, e.toString());
    }
  }

  void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted: {}", file, e.toString());
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
