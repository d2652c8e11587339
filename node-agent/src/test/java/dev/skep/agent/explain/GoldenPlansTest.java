package dev.skep.agent.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.agent.plan.PolicyBinder;
import dev.skep.bpf.kernel.Dispatch;
import dev.skep.bpf.kernel.KernelWays;
import dev.skep.policy.PolicyReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The plan of every sample, on a kernel that is described: {@code -Dplans.update=true} writes them
 * anew, and the difference is to be read.
 */
class GoldenPlansTest {
  private static final Path SAMPLES = Path.of("../config/samples");
  private static final Path PLANS = Path.of("src/test/resources/dev/skep/agent/explain");
  private static final KernelWays KERNEL = new KernelWays(Dispatch.RAW_TRACEPOINT, true, true);

  private final PolicyBinder binder = new PolicyBinder(new DescribedHost(), true);

  static Stream<Path> samples() throws IOException {
    try (var files = Files.list(SAMPLES)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("samples")
  void theSamplesPlanIsWhatItWas(Path sample) throws IOException {
    var explanations = explain(Files.readString(sample));
    var lines = explanations.stream().flatMap(its -> its.lines().stream()).toList();
    var golden = golden(sample);
    if (Boolean.getBoolean("plans.update")) {
      Files.write(golden, lines);
    }

    assertThat(golden).as("-Dplans.update=true makes it").exists();
    assertThat(lines).isEqualTo(Files.readAllLines(golden));
    assertThat(explanations)
        .extracting(Explanation::outcome)
        .containsOnly(Explanation.Outcome.CARRIED_OUT);
  }

  @Test
  void noPlanIsThereWithoutASample() throws IOException {
    try (var plans = Files.list(PLANS)) {
      assertThat(plans.map(Path::getFileName))
          .containsExactlyInAnyOrderElementsOf(
              samples().map(sample -> golden(sample).getFileName()).toList());
    }
  }

  @Test
  void allReasonsToRefuseAPolicyAreTold() {
    var policy =
        """
        apiVersion: skep.dev/v1alpha1
        kind: TracingPolicy
        metadata: {name: elsewhere}
        spec:
          kprobes:
          - {call: no_such_function, syscall: false}
          - {call: security_file_permission, syscall: false, args: [{index: 0, type: path}, {index: 4, type: int}]}
        """;

    assertThat(explain(policy))
        .singleElement()
        .satisfies(explanation -> {
          assertThat(explanation.outcome()).isEqualTo(Explanation.Outcome.REFUSED_HERE);
          assertThat(explanation.lines())
              .satisfiesExactly(
                  title -> assertThat(title).startsWith("policy elsewhere: observe"),
                  head -> assertThat(head).isEqualTo("  refused on this node:"),
                  first -> assertThat(first).contains("no function no_such_function"),
                  second -> assertThat(second).contains("a pointer to struct file at index 0"),
                  third -> assertThat(third).contains("2 parameters, none with index 4"));
        });
  }

  @Test
  void whatIsWrongIsToldAsTheValidatorDoes() {
    assertThat(explain("kind: TracingPolicy"))
        .singleElement()
        .satisfies(explanation -> {
          assertThat(explanation.outcome()).isEqualTo(Explanation.Outcome.INVALID);
          assertThat(explanation.lines()).contains("    spec: is missing, but required");
        });
  }

  private List<Explanation> explain(String text) {
    var explanations = new ArrayList<Explanation>();
    PolicyReader.readText(text)
        .forEach(reading -> explanations.add(Explanation.of(reading, binder, KERNEL)));
    return explanations;
  }

  private static Path golden(Path sample) {
    return PLANS.resolve(sample.getFileName().toString().replace(".yaml", ".txt"));
  }
}
