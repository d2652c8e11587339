package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Reading.Kind;
import dev.skep.policy.Reading.Problem;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole policies: what is right is understood, and what cannot be carried out says only that. */
class LanguageSamplesTest {
  static Stream<String> samples() {
    return Policies.languageSamples().stream();
  }

  @ParameterizedTest(name = "sample {index}")
  @MethodSource("samples")
  void aSampleIsUnderstoodWhole(String sample) {
    assertThat(Trees.understood(sample).hooks()).isNotEmpty();
  }

  @ParameterizedTest(name = "sample {index}")
  @MethodSource("samples")
  void whatCannotBeCarriedOutOfItIsNotSupportedYet(String sample) {
    List<Problem> problems = Policies.refused(sample);

    assertThat(problems).isNotEmpty().extracting(Problem::kind).containsOnly(Kind.UNSUPPORTED);
  }
}
