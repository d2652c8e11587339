package dev.skep.crds.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CustomResourceDefinitionsTest {
  private static final Path MODULE = Path.of(System.getProperty("basedir", "."));
  private static final Path FOLDER = MODULE.resolve("../config/crd");
  private static final Path SOURCES = MODULE.resolve("src/main/java/dev/skep/crds/v1alpha1");

  @Test
  void theCheckedInFilesFollowFromTheRecords() throws IOException {
    var generated = CustomResourceDefinitions.generate(SOURCES);
    if (Boolean.getBoolean("crds.update")) {
      for (var file : generated.entrySet()) {
        Files.writeString(FOLDER.resolve(file.getKey()), file.getValue());
      }
    }
    assertThat(generated).hasSize(3);
    for (var file : generated.entrySet()) {
      assertThat(FOLDER.resolve(file.getKey()))
          .as("rewrite with: make/maven test -pl crds -am -Dcrds.update=true")
          .hasContent(file.getValue());
    }
  }
}
