package dev.skep.agent;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.nodeconfig.MalformedConfigException;
import dev.skep.nodeconfig.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configuration that was acted on last, kept for the agent that comes next: it finds policies
 * in the kernel and records of them in the ring, and tells them by their names at once, API server
 * or not. Nothing is loaded or removed because of it. Gone with the machine's uptime, as the
 * policies are. One thread.
 */
final class LastConfig {
  private static final Logger LOG = LoggerFactory.getLogger(LastConfig.class);
  private static final Path RUN = Path.of("/run/skep");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;

  /**
   * @param pins folder of bpffs that holds the agent's pins
   */
  LastConfig(Path pins) {
    var name = pins.toAbsolutePath().normalize().toString().substring(1).replace('/', '-');
    file = RUN.resolve(name + ".config.json");
  }

  /** Empty if there is none that can be read. */
  NodeConfig load() {
    try {
      return Files.exists(file)
          ? NodeConfig.decode(
              JSON.readValue(file.toFile(), new TypeReference<Map<String, String>>() {}))
          : NodeConfig.EMPTY;
    } catch (IOException | MalformedConfigException e) {
      LOG.warn("{} cannot be read, earlier policies go by their uid: {}", file, e.toString());
      return NodeConfig.EMPTY;
    }
  }

  /** Whole or not at all. */
  void save(NodeConfig config) {
    try {
      Files.createDirectories(RUN);
      var next =
          Files.createTempFile(
              RUN,
              "config",
              ".json",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      JSON.writeValue(next.toFile(), config.encode());
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
}
