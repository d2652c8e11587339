package dev.skep.agent.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.nodeconfig.NodeConfig;
import dev.skep.policy.PolicyReader;
import dev.skep.policy.Reading;
import java.util.List;

/** The policies of a node's configuration. */
public final class ConfiguredPolicies {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ConfiguredPolicies() {}

  /** All of them: one that cannot be read is there with what is wrong with it. */
  public static List<WantedPolicy> of(NodeConfig config) {
    return config.policies().stream()
        .map(entry ->
            new WantedPolicy(
                entry.uid(),
                entry.name(),
                entry.namespace(),
                entry.generation(),
                read(entry.document())))
        .toList();
  }

  private static Reading read(String document) {
    try {
      return PolicyReader.read(JSON.readTree(document));
    } catch (JsonProcessingException e) {
      return new Reading.Refused(
          List.of(new Reading.Problem("", Reading.Kind.INVALID, e.getOriginalMessage())));
    }
  }
}
