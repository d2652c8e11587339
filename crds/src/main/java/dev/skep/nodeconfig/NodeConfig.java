package dev.skep.nodeconfig;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The contents of a node's ConfigMap: one key per policy and a manifest with their hashes.
 * Canonical: equal policies give equal bytes, in whatever order they came.
 *
 * @param policies ordered by uid
 */
public record NodeConfig(List<Entry> policies) {
  public static final NodeConfig EMPTY = new NodeConfig(List.of());

  private static final String MANIFEST = "manifest.json";
  private static final int SCHEMA = 1;
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  public NodeConfig {
    policies = policies.stream().sorted(Comparator.comparing(Entry::uid)).toList();
  }

  /**
   * One policy.
   *
   * @param document {@code apiVersion}, {@code kind}, {@code metadata} (name, namespace, uid,
   *     generation) and {@code spec} as canonical JSON
   */
  public record Entry(
      String uid,
      String kind,
      @Nullable String namespace,
      String name,
      long generation,
      String document) {

    /** SHA-256 of the document, in hex. */
    public String hash() {
      return sha256(document);
    }

    String key() {
      return "policy-" + uid + ".json";
    }
  }

  private record Manifest(int schema, @Nullable List<ManifestEntry> policies) {}

  private record ManifestEntry(
      String uid,
      String kind,
      @Nullable String namespace,
      String name,
      long generation,
      String hash) {}

  /** An object tree as canonical JSON: keys sorted, no blanks. */
  public static String canonical(JsonNode tree) {
    try {
      return JSON.writeValueAsString(JSON.treeToValue(tree, Object.class));
    } catch (JsonProcessingException e) {
      throw new AssertionError("a JSON tree can always be written", e);
    }
  }

  /** The ConfigMap's data. */
  public Map<String, String> encode() {
    var data = new TreeMap<String, String>();
    data.put(MANIFEST, manifest());
    policies.forEach(policy -> data.put(policy.key(), policy.document()));
    return data;
  }

  /** Changes whenever any policy changes. What a node reports as {@code observedConfig}. */
  public String hash() {
    return sha256(manifest());
  }

  private String manifest() {
    var entries =
        policies.stream()
            .map(p -> new ManifestEntry(p.uid, p.kind, p.namespace, p.name, p.generation, p.hash()))
            .toList();
    return canonical(JSON.valueToTree(new Manifest(SCHEMA, entries)));
  }

  /**
   * Reads a ConfigMap's data.
   *
   * @throws MalformedConfigException if the manifest is missing or of another schema, or a policy
   *     is missing or not the one of the manifest. Nothing of such a ConfigMap may be acted on.
   */
  public static NodeConfig decode(Map<String, String> data) throws MalformedConfigException {
    var text = data.get(MANIFEST);
    if (text == null) {
      throw new MalformedConfigException(MANIFEST + " is missing");
    }
    @Nullable Manifest manifest;
    try {
      manifest = JSON.readValue(text, Manifest.class);
    } catch (JsonProcessingException e) {
      throw new MalformedConfigException(MANIFEST + ": " + e.getOriginalMessage());
    }
    if (manifest == null || manifest.schema() != SCHEMA) {
      throw new MalformedConfigException(
          MANIFEST
              + ": schema "
              + (manifest == null ? "none" : manifest.schema())
              + ", this agent reads "
              + SCHEMA);
    }
    var policies = manifest.policies();
    if (policies == null) {
      throw new MalformedConfigException(MANIFEST + ": policies is missing");
    }
    var entries = new ArrayList<Entry>();
    for (var m : policies) {
      var key = "policy-" + m.uid() + ".json";
      var document = data.get(key);
      if (document == null) {
        throw new MalformedConfigException(key + " is missing");
      }
      var entry = new Entry(m.uid(), m.kind(), m.namespace(), m.name(), m.generation(), document);
      if (!entry.hash().equals(m.hash())) {
        throw new MalformedConfigException(key + " is not the document of the manifest");
      }
      entries.add(entry);
    }
    return new NodeConfig(entries);
  }

  private static String sha256(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
