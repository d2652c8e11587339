package dev.skep.operator.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * A policy as the user wrote it.
 *
 * @param namespace null for a policy of the whole cluster
 * @param spec all of it, also what this version does not know
 */
public record PolicyDocument(
    String apiVersion,
    String kind,
    @Nullable String namespace,
    String name,
    String uid,
    long generation,
    @Nullable JsonNode spec) {

  /** What the reader reads and the node gets: nothing that changes without the generation. */
  ObjectNode tree() {
    var tree = JsonNodeFactory.instance.objectNode();
    tree.put("apiVersion", apiVersion);
    tree.put("kind", kind);
    var metadata = tree.putObject("metadata");
    metadata.put("name", name);
    if (namespace != null) {
      metadata.put("namespace", namespace);
    }
    metadata.put("uid", uid);
    metadata.put("generation", generation);
    if (spec != null) {
      tree.set("spec", spec);
    }
    return tree;
  }
}
