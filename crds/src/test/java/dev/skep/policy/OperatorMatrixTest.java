package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.crds.v1alpha1.ArgumentSpec;
import dev.skep.crds.v1alpha1.OneOf;
import dev.skep.crds.v1alpha1.SelectorSpec.ArgumentFilterSpec;
import dev.skep.policy.Reading.Kind;
import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Operator;
import java.lang.reflect.AnnotatedElement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every operator on every type: it is taken, or refused with a message. */
class OperatorMatrixTest {
  @Test
  void everyWordOfTheSchemaHasAMeaning() throws NoSuchFieldException {
    assertThat(words(ArgumentSpec.class, "type"))
        .allSatisfy(word -> assertThat(ArgumentType.of(word)).as(word).isPresent());
    assertThat(words(ArgumentFilterSpec.class, "operator"))
        .allSatisfy(word -> assertThat(Operator.of(word)).as(word).isPresent());
    assertThat(words(ArgumentSpec.class, "type"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(ArgumentType.values()).flatMap(t -> t.words().stream()).toList());
  }

  @Test
  void everyOperatorIsTakenOrRefusedByEveryType() {
    var matrix = new StringBuilder();
    for (var type : ArgumentType.values()) {
      for (var operator : Operator.values()) {
        if (operator != Operator.CAPABILITIES_GAINED && type != ArgumentType.NOP) {
          matrix.append(line(type, operator)).append('\n');
        }
      }
    }
    System.out.println(matrix); // to be read with -Dtest=OperatorMatrixTest
    assertThat(matrix.toString().lines())
        .hasSize((ArgumentType.values().length - 1) * (Operator.values().length - 1));
  }

  private static String line(ArgumentType type, Operator operator) {
    var word = type.words().getFirst();
    var values = operator.takesNoValues() ? "" : "\"" + example(operator, type) + "\"";
    var reading = Trees.read(Policies.ofSpec(Trees.filter(word, operator.word(), values)));
    var cell = "%-16s %-18s ".formatted(word, operator.word());
    return switch (reading) {
      case TreeReading.Understood _ -> {
        assertThat(type.operators()).as(cell).contains(operator);
        yield cell + "yes";
      }
      case TreeReading.Refused(var problems) -> {
        assertThat(problems).as(cell).hasSize(1);
        var problem = problems.getFirst();
        assertThat(problem.path()).endsWith(".matchArgs[0].operator");
        if (problem.kind() == Kind.UNSUPPORTED) {
          assertThat(operator).as(cell).isEqualTo(Operator.CEL_EXPR);
        } else {
          assertThat(type.operators()).as(cell).doesNotContain(operator);
          assertThat(problem.message())
              .startsWith("is " + operator.word() + ", but the argument is of type " + word);
        }
        yield cell + problem.message();
      }
    };
  }

  private static String example(Operator operator, ArgumentType type) {
    return switch (operator) {
      case IN_RANGE, NOT_IN_RANGE -> "1:5";
      case SADDR, NOT_SADDR, DADDR, NOT_DADDR -> "10.0.0.0/8";
      case PROTOCOL -> "IPPROTO_TCP";
      case FAMILY -> "AF_INET";
      case STATE -> "TCP_LISTEN";
      case FILE_TYPE, NOT_FILE_TYPE -> "reg";
      default -> type.isCapabilities() ? "CAP_SYS_ADMIN" : "7";
    };
  }

  private static List<String> words(Class<?> record, String component) throws NoSuchFieldException {
    AnnotatedElement type = record.getDeclaredField(component).getAnnotatedType();
    return Arrays.stream(type.getAnnotation(OneOf.class).value()).collect(Collectors.toList());
  }
}
