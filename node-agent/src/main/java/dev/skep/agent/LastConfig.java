package dev.skep.agent;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.skep.nodeconfig.MalformedConfigException;
import dev.skep.nodeconfig.NodeConfig;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configuration that was acted on last, kept for the agent that comes next: it finds policies
 * in the kernel and records of them in the ring, and tells them by their names at once, API server
 * or not. Nothing is loaded or removed because of it. One thread.
 */
final class LastConfig {
  private static final Logger LOG = LoggerFactory.getLogger(LastConfig.class);

  private final RunFile<Map<String, String>> file;

  /**
   * @param pins folder of bpffs that holds the agent's pins
   */
  LastConfig(Path pins) {
    file = new RunFile<>(pins, "config", new TypeReference<>() {});
  }

  /** Empty if there is none that can be read: earlier policies go by their uid then. */
  NodeConfig load() {
    try {
      var data = file.load();
      return data.isPresent() ? NodeConfig.decode(data.get()) : NodeConfig.EMPTY;
    } catch (MalformedConfigException e) {
      LOG.warn("{} cannot be read, earlier policies go by their uid: {}", file, e.toString());
      return NodeConfig.EMPTY;
    }
  }

  void save(NodeConfig config) {
    file.save(config.encode());
  }

  void delete() {
    file.delete();
  }
}
