package dev.skep.policy;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.skep.crds.v1alpha1.OneOf;
import dev.skep.crds.v1alpha1.RecordComments;
import dev.skep.crds.v1alpha1.TracingPolicySpec;
import dev.skep.policy.Reading.Kind;
import dev.skep.policy.Reading.Problem;
import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Operator;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.io.IOException;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes docs/policy-reference.md: fields from the wire records and their comments; what is carried
 * out from what the reader answers to a policy that has it.
 */
final class PolicyReference {
  private static final String YES = "yes";
  private static final String LATER = "not supported yet";
  private static final String NO = "–";

  /** Of these fields one value is supported and another not: they have tables of their own. */
  private static final Set<String> JUDGED_BY_VALUE =
      Set.of("type", "operator", "action", "call", "name", "index", "values", "args");

  private final RecordComments comments;
  private final StringBuilder text = new StringBuilder();
  private final Set<Class<?>> written = new HashSet<>();

  /** Paths without indexes of what a policy with every field is refused for. */
  private final Set<String> refused;

  private PolicyReference(RecordComments comments) {
    this.comments = comments;
    this.refused =
        Policies.refused(Policies.wholeLanguage()).stream()
            .filter(problem -> problem.kind() == Kind.UNSUPPORTED)
            .map(problem -> problem.path().replaceAll("\\[\\d+]", "[]"))
            .collect(Collectors.toSet());
  }

  /**
   * @param sources the folder of the wire records
   */
  static String generate(Path sources) throws IOException {
    var reference = new PolicyReference(RecordComments.of(sources));
    reference.write();
    return reference.text.toString();
  }

  private void write() {
    line(ReferenceTexts.BEGINNING);
    hooks();
    types();
    operators();
    actions();
    line("## Fields\n");
    line("*This version* says whether a field is carried out; where `" + LATER + "` stands, a");
    line(
        "policy that has it is refused by that name, on every node, and nothing of it is"
            + " loaded.\n");
    fields(TracingPolicySpec.class, "spec");
    line(ReferenceTexts.DIFFERENCES);
  }

  private void hooks() {
    line("## Where policies look\n");
    line("| list | this version | attached by | kernel |");
    line("|---|---|---|---|");
    for (var place : ReferenceTexts.Place.values()) {
      row(place.title(), support(place.policy("")), place.attached(), place.kernel());
    }
    for (var place : ReferenceTexts.Place.values()) {
      example(place.title(), place.example());
    }
    line("");
  }

  private void types() {
    line("## Types of arguments\n");
    line("–: such a place has no such argument.\n");
    var places = ReferenceTexts.Place.withArguments();
    line(
        "| type | operators | "
            + places.stream().map(ReferenceTexts.Place::title).collect(Collectors.joining(" | "))
            + " |");
    line("|---|---|" + "---|".repeat(places.size()));
    for (var type : ArgumentType.values()) {
      var cells =
          places.stream()
              .map(place -> support(place.policy(argument(type, ""))))
              .collect(Collectors.joining(" | "));
      line("| %s | %s | %s |".formatted(words(type), operators(type), cells));
    }
    line("");
  }

  private static String words(ArgumentType type) {
    return type.words().stream().map(PolicyReference::code).collect(Collectors.joining(" "));
  }

  private static String operators(ArgumentType type) {
    return type == ArgumentType.AUTO
        ? "those of the type that is found"
        : type.operators().stream().map(Operator::word).collect(Collectors.joining(" "));
  }

  private void operators() {
    line("## Operators of `matchArgs`\n");
    line("| operator | values, such as | carried out on | not supported yet on |");
    line("|---|---|---|---|");
    for (var operator : Operator.values()) {
      var support =
          Arrays.stream(ArgumentType.values())
              .filter(type -> type.operators().contains(operator) && type != ArgumentType.AUTO)
              .collect(Collectors.partitioningBy(type -> isCarriedOut(type, operator)));
      row(
          code(operator.word()),
          operator.takesNoValues()
              ? "none"
              : code(ReferenceTexts.value(operator, typeOf(operator))),
          first(support.getOrDefault(true, List.of())),
          first(support.getOrDefault(false, List.of())));
    }
    line("");
  }

  private static ArgumentType typeOf(Operator operator) {
    return Arrays.stream(ArgumentType.values())
        .filter(type -> type != ArgumentType.AUTO && type.operators().contains(operator))
        .findFirst()
        .orElse(ArgumentType.AUTO);
  }

  private static String first(List<ArgumentType> types) {
    return types.stream().map(type -> type.words().getFirst()).collect(Collectors.joining(" "));
  }

  /** Wherever the type can be read. */
  private static boolean isCarriedOut(ArgumentType type, Operator operator) {
    var values =
        operator.takesNoValues()
            ? ""
            : ", values: [\"" + ReferenceTexts.value(operator, type) + "\"]";
    var selector =
        ", selectors: [{matchArgs: [{%s, operator: %s%s}]}]"
            .formatted(
                operator == Operator.CAPABILITIES_GAINED ? "args: [0, 0]" : "index: 0",
                operator.word(),
                values);
    return ReferenceTexts.Place.withArguments().stream()
        .anyMatch(place -> support(place.policy(argument(type, selector))).equals(YES));
  }

  private static String argument(ArgumentType type, String further) {
    return "args: [{index: 0, type: %s%s}]%s"
        .formatted(type.words().getFirst(), type.hasLength() ? ", sizeArgIndex: 3" : "", further);
  }

  private void actions() {
    line("## Actions\n");
    var places = ReferenceTexts.Place.withArguments();
    line(
        "| action | does | "
            + places.stream().map(ReferenceTexts.Place::title).collect(Collectors.joining(" | "))
            + " |");
    line("|---|---|" + "---|".repeat(places.size()));
    for (var action : ReferenceTexts.Act.values()) {
      line(
          "| %s | %s | %s |"
              .formatted(
                  code(action.word()),
                  action.meaning(),
                  places.stream()
                      .map(place ->
                          support(
                              place.policy(
                                  "selectors: [{matchActions: [%s]}]".formatted(action.example()))))
                      .collect(Collectors.joining(" | "))));
    }
    line("");
  }

  private void fields(Class<?> type, String path) {
    if (!written.add(type)) {
      return;
    }
    line("### " + code(path) + "\n");
    comments.of(type).ifPresent(comment -> line(comment + "\n"));
    line("| field | is | meaning | this version |");
    line("|---|---|---|---|");
    for (var field : type.getRecordComponents()) {
      row(
          code(name(field)) + (required(field) ? ", required" : ""),
          kind(field.getAnnotatedType()),
          comments
              .of(type, field.getName())
              .or(() -> record(field.getAnnotatedType()).flatMap(comments::of))
              .orElse(""),
          support(path, name(field)));
    }
    line("");
    for (var field : type.getRecordComponents()) {
      var its = path + "." + name(field);
      record(field.getAnnotatedType())
          .ifPresent(record -> fields(record, isList(field) ? its + "[]" : its));
    }
  }

  private String support(String path, String field) {
    var whole = path + "." + field;
    if (ReferenceTexts.PROBES.containsKey(whole)) {
      return support(ReferenceTexts.PROBES.get(whole));
    }
    for (var known : refused) {
      boolean exact = known.equals(whole) && !JUDGED_BY_VALUE.contains(field);
      boolean within = whole.startsWith(known + ".") || whole.startsWith(known + "[]");
      if (exact || within) {
        return LATER;
      }
    }
    return YES;
  }

  private static boolean isList(RecordComponent field) {
    return List.class.isAssignableFrom(field.getType());
  }

  private static Optional<Class<?>> record(AnnotatedType type) {
    return switch (type.getType()) {
      case Class<?> c when c.isRecord() -> Optional.of(c);
      case ParameterizedType p ->
          p.getActualTypeArguments()[p.getActualTypeArguments().length - 1] instanceof Class<?> c
                  && c.isRecord()
              ? Optional.of(c)
              : Optional.empty();
      default -> Optional.empty();
    };
  }

  private static boolean required(RecordComponent field) {
    return field.getAccessor().isAnnotationPresent(Required.class);
  }

  private static String name(RecordComponent field) {
    var renamed = field.getAccessor().getAnnotation(JsonProperty.class);
    return renamed == null ? field.getName() : renamed.value();
  }

  private static String kind(AnnotatedType type) {
    var words = type.getAnnotation(OneOf.class);
    if (words != null) {
      return words.value().length > 12
          ? "one of those above"
          : Arrays.stream(words.value())
              .filter(word -> !word.isEmpty())
              .map(PolicyReference::code)
              .collect(Collectors.joining(" "));
    }
    return switch (type) {
      case AnnotatedParameterizedType list when list.getType() instanceof ParameterizedType p ->
          (p.getRawType() == List.class ? "list" : "map")
              + upTo(type)
              + " of "
              + kind(list.getAnnotatedActualTypeArguments()[p.getActualTypeArguments().length - 1]);
      case AnnotatedType one when one.getType() == Long.class -> "number" + range(one);
      case AnnotatedType one when one.getType() == Boolean.class -> "true or false";
      case AnnotatedType one when one.getType() == String.class -> "text" + upTo(one);
      default -> "object";
    };
  }

  private static String upTo(AnnotatedType type) {
    var size = type.getAnnotation(Size.class);
    return size == null ? "" : " (up to " + size.max() + ")";
  }

  private static String range(AnnotatedType type) {
    var format = new DecimalFormat("#");
    var min = type.getAnnotation(Min.class);
    var max = type.getAnnotation(Max.class);
    if (min == null || max == null) {
      return min == null ? "" : ", " + format.format(min.value()) + " or more";
    }
    return ", " + format.format(min.value()) + " to " + format.format(max.value());
  }

  private void example(String title, String policy) {
    line("\n" + title + ", " + (support(policy).equals(YES) ? "carried out" : LATER) + ":\n");
    line("```yaml\n" + policy.strip() + "\n```");
  }

  /** What this version makes of the policy; nothing where the language does not know it so. */
  static String support(String policy) {
    return switch (PolicyReader.readText(policy).getFirst()) {
      case Reading.Accepted _ -> YES;
      case Reading.Refused(var problems) ->
          problems.stream().map(Problem::kind).allMatch(Kind.UNSUPPORTED::equals) ? LATER : NO;
    };
  }

  private static String code(String text) {
    return "`" + text + "`";
  }

  private void row(String... cells) {
    line("| " + String.join(" | ", cells) + " |");
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}
