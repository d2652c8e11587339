package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.crds.v1alpha1.TracingPolicy;
import dev.skep.crds.v1alpha1.TracingPolicySpec;
import dev.skep.policy.Reading.Kind;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WholeLanguageTest {
  @Test
  void theFixtureHasEveryFieldOfTheLanguage() throws MalformedDocumentException {
    var spec = DocumentParser.parse(Policies.wholeLanguage()).getFirst().get("spec");
    var written = new HashMap<Class<?>, Set<String>>();
    collect(TracingPolicySpec.class, spec, written);

    assertThat(written)
        .allSatisfy((type, fields) ->
            assertThat(fields).as(type.getSimpleName()).containsAll(fieldsOf(type)));
  }

  @Test
  void whatIsNotDoneYetIsRefusedAsSuchAndNothingElseIsWrong() {
    var problems = Policies.refused(Policies.wholeLanguage());

    assertThat(problems)
        .allSatisfy(problem -> {
          assertThat(problem.kind()).isEqualTo(Kind.UNSUPPORTED);
          assertThat(problem.message()).startsWith("not supported yet: ");
        });
    assertThat(problems)
        .extracting(Reading.Problem::path)
        .contains(
            "spec.loader",
            "spec.lists[1].type",
            "spec.enforcers",
            "spec.selectorsMacros",
            "spec.kprobes[0].args[1].returnCopy",
            "spec.kprobes[0].args[1].maxData",
            "spec.kprobes[0].args[2].resolve",
            "spec.kprobes[0].data",
            "spec.kprobes[0].selectors[0].macros",
            "spec.kprobes[0].selectors[0].matchData",
            "spec.kprobes[0].selectors[0].matchWorkloads",
            "spec.kprobes[0].selectors[0].matchActions",
            "spec.fentries",
            "spec.uprobes",
            "spec.usdts");
  }

  @Test
  void theOperatorsObjectsLoseNothing() throws Exception {
    var document = DocumentParser.parse(Policies.wholeLanguage()).getFirst();
    var mapper = new ObjectMapper();

    JsonNode again = mapper.valueToTree(mapper.treeToValue(document, TracingPolicy.class));

    // As text: whether a number came as int or long is of no interest.
    assertThat(mapper.readTree(again.get("spec").toString()))
        .isEqualTo(mapper.readTree(document.get("spec").toString()));
    assertThat(problems(again)).containsExactlyInAnyOrderElementsOf(problems(document));
  }

  private static List<Reading.Problem> problems(JsonNode document) {
    return ((Reading.Refused) PolicyReader.read(document)).problems();
  }

  /** The fields that the fixture has, by the record that they belong to. */
  private static void collect(Class<?> type, JsonNode node, Map<Class<?>, Set<String>> written) {
    var fields = written.computeIfAbsent(type, _ -> new HashSet<>());
    for (var component : type.getRecordComponents()) {
      var value = node.get(name(component));
      if (value == null) {
        continue;
      }
      fields.add(name(component));
      if (component.getGenericType() instanceof ParameterizedType p) {
        var arguments = p.getActualTypeArguments();
        if (arguments[arguments.length - 1] instanceof Class<?> record && record.isRecord()) {
          value.forEach(element -> collect(record, element, written));
        }
      } else if (component.getType().isRecord()) {
        collect(component.getType(), value, written);
      }
    }
  }

  private static List<String> fieldsOf(Class<?> type) {
    return Arrays.stream(type.getRecordComponents()).map(WholeLanguageTest::name).toList();
  }

  private static String name(RecordComponent component) {
    var renamed = component.getAccessor().getAnnotation(JsonProperty.class);
    return renamed == null ? component.getName() : renamed.value();
  }
}
