package dev.skep.policy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.crds.v1alpha1.TracingPolicySpec;
import dev.skep.policy.Reading.Kind;
import dev.skep.policy.Reading.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads policies: finds all that is wrong with them at once, each with its path, or gives the tree
 * that can be carried out. Pure; any thread.
 */
public final class PolicyReader {
  private static final List<String> VERSIONS = List.of("skep.dev/v1alpha1", "cilium.io/v1alpha1");
  private static final String CLUSTER = "TracingPolicy";
  private static final String NAMESPACED = "TracingPolicyNamespaced";
  private static final List<String> FIELDS =
      List.of("apiVersion", "kind", "metadata", "spec", "status");

  private static final String FILE = "file-";
  private static final int UID_LENGTH = 39;
  private static final Pattern UID = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9]{0,38})?");

  private PolicyReader() {}

  /**
   * One policy as a JSON tree: {@code apiVersion}, {@code kind}, {@code metadata}, {@code spec}. A
   * {@code status} is ignored. Never throws, whatever the tree.
   */
  public static Reading read(JsonNode document) {
    var problems = new Problems();
    var tree = readTree(document, problems);
    var policy = tree == null ? null : new EngineForm(problems).of(tree);
    return tree == null || policy == null
        ? new Reading.Refused(problems.in(document))
        : new Reading.Accepted(policy, Warnings.of(tree));
  }

  /** The same, whatever of it this version can carry out. */
  public static TreeReading readTree(JsonNode document) {
    var problems = new Problems();
    var tree = readTree(document, problems);
    return tree == null || problems.any()
        ? new TreeReading.Refused(problems.in(document))
        : new TreeReading.Understood(tree);
  }

  /**
   * Every policy of a YAML or JSON text; several YAML documents are several policies. Never throws,
   * whatever the text: what cannot be parsed is one refused reading.
   */
  public static List<Reading> readText(String text) {
    var readings = new ArrayList<Reading>();
    try {
      DocumentParser.parse(text).forEach(document -> readings.add(read(document)));
      if (readings.isEmpty()) {
        readings.add(refused("document", "is empty, must be a " + CLUSTER));
      }
    } catch (MalformedDocumentException e) {
      readings.add(refused(e.place(), e.reason()));
    }
    return List.copyOf(readings);
  }

  private static Reading refused(String path, String message) {
    return new Reading.Refused(List.of(new Problem(path, Kind.INVALID, message)));
  }

  /** If there are problems, only what is right. */
  private static @Nullable PolicyTree readTree(JsonNode document, Problems problems) {
    if (!document.isObject()) {
      problems.broken("document", "is not a Kubernetes object with apiVersion, kind and spec");
      return null;
    }
    document
        .fieldNames()
        .forEachRemaining(field -> {
          if (!FIELDS.contains(field) && !problems.tooMany()) {
            problems.broken(
                Path.child("", field),
                "is not a field of a policy; " + Text.instead(field, FIELDS));
          }
        });
    readType(document, problems);
    var metadata = document.path("metadata");
    var name = readName(metadata, problems);
    var namespace = readNamespace(kind(document), metadata, problems);
    var shape = new Shape(problems);
    var spec = document.path("spec");
    if (spec.isMissingNode() || spec.isNull()) {
      problems.broken("spec", "is missing, but required");
      return null;
    }
    var wire = shape.read(TracingPolicySpec.class, spec, "spec");
    if (wire == null) {
      return null;
    }
    var identity =
        new SpecReader.Identity(
            name == null ? "" : name,
            namespace,
            readUid(metadata, namespace, name, problems),
            readGeneration(metadata));
    return new SpecReader(problems).read(identity, wire);
  }

  private static void readType(JsonNode document, Problems problems) {
    var version = document.path("apiVersion").asText();
    if (!VERSIONS.contains(version)) {
      problems.broken("apiVersion", is(version) + Text.instead(version, VERSIONS));
    }
    var kind = kind(document);
    if (!kind.equals(CLUSTER) && !kind.equals(NAMESPACED)) {
      problems.broken("kind", is(kind) + Text.instead(kind, List.of(CLUSTER, NAMESPACED)));
    }
  }

  private static String kind(JsonNode document) {
    return document.path("kind").asText();
  }

  private static String is(String text) {
    return (text.isEmpty() ? "is missing" : "is " + Text.quote(text)) + "; ";
  }

  private static @Nullable String readName(JsonNode metadata, Problems problems) {
    var name = metadata.path("name");
    if (!name.isTextual() || name.textValue().isEmpty()) {
      problems.broken("metadata.name", "is missing, but required");
      return null;
    }
    var text = name.textValue();
    if (!Names.isSubdomain(text)) {
      problems.broken(
          "metadata.name",
          "is "
              + Text.quote(text)
              + ", must be at most "
              + Names.SUBDOMAIN_LENGTH
              + " lower case letters, digits, \"-\" and \".\", with a letter or digit at both"
              + " ends");
      return null;
    }
    return text;
  }

  /** A word that is wrong is told, and must not make the policy one for every namespace. */
  private static @Nullable String readNamespace(String kind, JsonNode metadata, Problems problems) {
    var namespace = metadata.path("namespace");
    boolean absent = namespace.isMissingNode() || namespace.isNull();
    if (!kind.equals(NAMESPACED)) {
      if (!absent) {
        problems.invalid(
            "metadata.namespace",
            "is there, but a "
                + CLUSTER
                + " is for the whole cluster; leave it out, or make the policy a "
                + NAMESPACED);
      }
      return null;
    }
    if (absent) {
      problems.broken(
          "metadata.namespace", "is missing, but required: the policy is for the pods of one");
      return "";
    }
    if (!namespace.isTextual() || !Names.isLabel(namespace.textValue())) {
      problems.broken("metadata.namespace", "is not the name of a namespace");
      return "";
    }
    return namespace.textValue();
  }

  /** Becomes part of names in the kernel and in the file system, hence no other characters. */
  private static String readUid(
      JsonNode metadata, @Nullable String namespace, @Nullable String name, Problems problems) {
    var uid = metadata.path("uid");
    if (uid.isMissingNode() || uid.isNull()) {
      return uidOfFile(namespace, name == null ? "" : name);
    }
    if (!uid.isTextual() || !UID.matcher(uid.textValue()).matches()) {
      problems.broken("metadata.uid", "is not a uid: at most 39 letters, digits and \"-\"");
      return "";
    }
    return uid.textValue();
  }

  /** For a policy without a Kubernetes object: made of its names, and equal if those are equal. */
  private static String uidOfFile(@Nullable String namespace, String name) {
    if (namespace == null && FILE.length() + name.length() <= UID_LENGTH) {
      return FILE + name;
    }
    var whole = namespace == null ? name : namespace + "/" + name;
    var digest = UUID.nameUUIDFromBytes(whole.getBytes(StandardCharsets.UTF_8));
    return FILE + digest.toString().replace("-", "");
  }

  private static long readGeneration(JsonNode metadata) {
    return Math.max(1, metadata.path("generation").asLong(1));
  }
}
