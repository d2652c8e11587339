package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.crds.v1alpha1.ActionSpec;
import dev.skep.crds.v1alpha1.OneOf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PolicyReferenceTest {
  private static final Path MODULE = Path.of(System.getProperty("basedir", "."));
  private static final Path FILE = MODULE.resolve("../docs/policy-reference.md");

  @Test
  void theCheckedInReferenceFollowsFromTheCode() throws IOException {
    var generated =
        PolicyReference.generate(MODULE.resolve("src/main/java/dev/skep/crds/v1alpha1"));
    if (Boolean.getBoolean("reference.update")) {
      Files.createDirectories(FILE.getParent());
      Files.writeString(FILE, generated);
    }

    assertThat(FILE)
        .as("rewrite with: make/maven test -pl crds -am -Dreference.update=true")
        .hasContent(generated);
  }

  @ParameterizedTest
  @EnumSource
  void everyExampleIsOfTheLanguage(ReferenceTexts.Place place) {
    assertThat(PolicyReference.support(place.example()))
        .as(() -> place.example() + PolicyReader.readText(place.example()))
        .isIn("yes", "not supported yet");
  }

  @Test
  void everyProbeOfAFieldIsOfTheLanguage() {
    assertThat(ReferenceTexts.PROBES.values())
        .allSatisfy(policy ->
            assertThat(PolicyReference.support(policy))
                .as(() -> policy + PolicyReader.readText(policy))
                .isIn("yes", "not supported yet"));
  }

  @Test
  void everyActionOfTheLanguageIsThere() throws NoSuchFieldException {
    var words =
        ActionSpec.class
            .getDeclaredField("action")
            .getAnnotatedType()
            .getAnnotation(OneOf.class)
            .value();

    assertThat(ReferenceTexts.Act.words()).containsExactlyInAnyOrder(words);
  }
}
