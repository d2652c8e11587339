package dev.skep.crds.v1alpha1;

import static java.util.Objects.requireNonNull;

import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDGenerator.CRDOutput;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The CRDs as they follow from the records. */
final class CustomResourceDefinitions {
  private static final List<CustomResourceColumnDefinition> POLICY_COLUMNS =
      List.of(
          column("MODE", "string", ".status.mode"),
          column("READY", "string", ".status.conditions[?(@.type==\"Ready\")].status"),
          column("NODES", "string", ".status.nodes.summary"),
          column("EVENTS", "integer", ".status.events.total"),
          column("VIOLATIONS", "integer", ".status.violations.total"),
          column("LAST-VIOLATION", "date", ".status.lastViolationTime"),
          wide("MESSAGE", "string", ".status.conditions[?(@.type==\"Ready\")].message"),
          column("AGE", "date", ".metadata.creationTimestamp"));

  private static final List<CustomResourceColumnDefinition> NODE_COLUMNS =
      List.of(
          column("KERNEL", "string", ".status.kernel.release"),
          column("AGENT", "string", ".status.agentVersion"),
          wide("CONFIG", "string", ".status.observedConfig"),
          column("AGE", "date", ".metadata.creationTimestamp"));

  private CustomResourceDefinitions() {}

  /**
   * YAML by file name.
   *
   * @param sources the folder of the records
   */
  static Map<String, String> generate(Path sources) throws IOException {
    var files = new Files();
    new CRDGenerator()
        .customResourceClasses(
            TracingPolicy.class, TracingPolicyNamespaced.class, TracingNodeState.class)
        .forCRDVersions("v1")
        .withMinQuotes(true)
        .withParallelGenerationEnabled(false)
        .withPostProcessor(new Finish(new SchemaFinish(RecordComments.of(sources))))
        .withOutput(files)
        .detailedGenerate();
    return files.texts();
  }

  private record Finish(SchemaFinish schemas) implements CRDPostProcessor {
    @Override
    public HasMetadata process(HasMetadata resource, String version) {
      var crd = (CustomResourceDefinition) resource;
      crd.getMetadata().setAnnotations(null);
      var served = crd.getSpec().getVersions().getFirst();
      boolean isPolicy = !crd.getSpec().getNames().getKind().equals("TracingNodeState");
      served.setAdditionalPrinterColumns(isPolicy ? POLICY_COLUMNS : NODE_COLUMNS);
      var properties = served.getSchema().getOpenAPIV3Schema().getProperties();
      if (!isPolicy) {
        properties.remove("spec"); // what the generator makes of Void
      } else {
        schemas.finish(requireNonNull(properties.get("spec")), TracingPolicySpec.class);
      }
      schemas.finish(
          requireNonNull(properties.get("status")),
          isPolicy ? TracingPolicyStatus.class : NodeStateStatus.class);
      return crd;
    }
  }

  private static CustomResourceColumnDefinition column(String name, String type, String path) {
    return new CustomResourceColumnDefinitionBuilder()
        .withName(name)
        .withType(type)
        .withJsonPath(path)
        .build();
  }

  private static CustomResourceColumnDefinition wide(String name, String type, String path) {
    return column(name, type, path).toBuilder().withPriority(1).build();
  }

  private static final class Files implements CRDOutput<ByteArrayOutputStream> {
    private final Map<String, ByteArrayOutputStream> files = new TreeMap<>();

    @Override
    public ByteArrayOutputStream outputFor(String crdName) {
      return files.computeIfAbsent(crdName, _ -> new ByteArrayOutputStream());
    }

    Map<String, String> texts() {
      var texts = new TreeMap<String, String>();
      files.forEach(
          (name, bytes) -> texts.put(name + ".yml", bytes.toString(StandardCharsets.UTF_8)));
      return texts;
    }

    @Override
    public void close() {}
  }
}
