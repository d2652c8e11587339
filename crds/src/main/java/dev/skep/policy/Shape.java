package dev.skep.policy;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.skep.crds.v1alpha1.OneOf;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON into the wire records and reports every departure from them: unknown and missing
 * fields, wrong types, words and sizes. The records and their annotations are the one source of the
 * language's shape, from which the CRDs are generated too, so that the API server and this agree.
 *
 * <p>What cannot be read is reported and left out (in a list: replaced by something empty, so that
 * the others keep their places), and reading goes on.
 */
final class Shape {
  private final Problems problems;

  Shape(Problems problems) {
    this.problems = problems;
  }

  <T extends Record> @Nullable T read(Class<T> type, JsonNode node, String path) {
    return type.cast(readRecord(type, node, path));
  }

  private @Nullable Object read(AnnotatedType type, JsonNode node, String path) {
    return switch (type.getType()) {
      case Class<?> c when c == String.class -> readText(type, node, path);
      case Class<?> c when c == Long.class -> readNumber(type, node, path);
      case Class<?> c when c == Boolean.class -> readBoolean(node, path);
      case Class<?> c when c.isRecord() -> readRecord(c, node, path);
      case ParameterizedType p when p.getRawType() == List.class -> readList(type, node, path);
      case ParameterizedType p when p.getRawType() == Map.class -> readMap(type, node, path);
      default -> throw new AssertionError("no wire record has a " + type + ", as " + path);
    };
  }

  private @Nullable Object readRecord(Class<?> type, JsonNode node, String path) {
    if (!node.isObject()) {
      wrongKind(path, node, "an object");
      return null;
    }
    var form = Form.OF.get(type);
    node.fieldNames().forEachRemaining(field -> checkKnown(field, form.names(), path));
    var values = new @Nullable Object[form.fields().size()];
    for (int i = 0; i < values.length; i++) {
      var field = form.fields().get(i);
      var value = node.get(field.name());
      var at = Path.child(path, field.name());
      if (value != null && !value.isNull()) {
        values[i] = read(field.type(), value, at);
      } else if (field.required()) {
        problems.broken(at, "is missing, but required" + choices(field.type()));
      }
    }
    return form.construct(values);
  }

  private void checkKnown(String field, List<String> names, String path) {
    if (!names.contains(field) && !problems.tooMany()) {
      problems.broken(
          Path.child(path, field), "is not a field of the language; " + Text.instead(field, names));
    }
  }

  private @Nullable String readText(AnnotatedType type, JsonNode node, String path) {
    if (!node.isTextual()) {
      wrongKind(path, node, node.isValueNode() ? "text: write it in quotes" : "text");
      return null;
    }
    var text = node.textValue();
    var words = type.getAnnotation(OneOf.class);
    if (words != null && !Arrays.asList(words.value()).contains(text)) {
      problems.broken(
          path, "is " + Text.quote(text) + "; " + Text.instead(text, List.of(words.value())));
      return null;
    }
    return sized(type, text.codePointCount(0, text.length()), "character", path) ? text : null;
  }

  private @Nullable Long readNumber(AnnotatedType type, JsonNode node, String path) {
    if (!node.isIntegralNumber()) {
      wrongKind(path, node, "a whole number");
      return null;
    }
    var min = type.getAnnotation(Min.class);
    var max = type.getAnnotation(Max.class);
    long low = min == null ? Long.MIN_VALUE : (long) min.value();
    long high = max == null ? Long.MAX_VALUE : (long) max.value();
    if (!node.canConvertToLong() || node.longValue() < low || node.longValue() > high) {
      problems.broken(
          path, "is " + Text.plain(node.asText()) + ", must be from " + low + " to " + high);
      return null;
    }
    return node.longValue();
  }

  private @Nullable Boolean readBoolean(JsonNode node, String path) {
    if (!node.isBoolean()) {
      wrongKind(path, node, "true or false, without quotes");
      return null;
    }
    return node.booleanValue();
  }

  private @Nullable List<Object> readList(AnnotatedType type, JsonNode node, String path) {
    if (!node.isArray()) {
      wrongKind(path, node, "a list");
      return null;
    }
    if (!sized(type, node.size(), "entry", path)) {
      return null;
    }
    var element = parameter(type, 0);
    var values = new ArrayList<Object>();
    for (int i = 0; i < node.size(); i++) {
      var value = read(element, node.get(i), Path.item(path, i));
      values.add(value == null ? empty(element) : value);
    }
    return values;
  }

  private @Nullable Map<String, Object> readMap(AnnotatedType type, JsonNode node, String path) {
    if (!node.isObject()) {
      wrongKind(path, node, "an object");
      return null;
    }
    if (!sized(type, node.size(), "entry", path)) {
      return null;
    }
    var element = parameter(type, 1);
    var values = new LinkedHashMap<String, Object>();
    for (var entry : node.properties()) {
      var value = read(element, entry.getValue(), Path.child(path, entry.getKey()));
      if (value != null) {
        values.put(entry.getKey(), value);
      }
    }
    return values;
  }

  private boolean sized(AnnotatedType type, int size, String noun, String path) {
    var limits = type.getAnnotation(Size.class);
    if (limits == null || (size >= limits.min() && size <= limits.max())) {
      return true;
    }
    var nouns = noun.equals("entry") ? "entries" : noun + "s";
    var has = "has " + size + " " + (size == 1 ? noun : nouns) + ", ";
    problems.broken(
        path,
        size < limits.min()
            ? size == 0 ? "is empty" : has + "at least " + limits.min() + " are needed"
            : has + "at most " + limits.max() + " are allowed");
    return false;
  }

  private void wrongKind(String path, JsonNode node, String right) {
    var is =
        switch (node.getNodeType()) {
          case OBJECT, POJO -> "an object";
          case ARRAY -> "a list";
          case STRING -> "the text " + Text.quote(node.textValue());
          case NUMBER -> "the number " + Text.plain(node.asText());
          case BOOLEAN -> node.asText();
          case BINARY -> "binary";
          case NULL, MISSING -> "empty";
        };
    problems.broken(path, "is " + is + ", must be " + right);
  }

  private static String choices(AnnotatedType type) {
    var words = type.getAnnotation(OneOf.class);
    return words == null ? "" : "; " + Text.instead("", List.of(words.value()));
  }

  private static Object empty(AnnotatedType element) {
    return switch (element.getType()) {
      case Class<?> c when c == String.class -> "";
      case Class<?> c when c == Long.class -> 0L;
      case Class<?> c when c.isRecord() -> {
        var form = Form.OF.get(c);
        yield form.construct(new @Nullable Object[form.fields().size()]);
      }
      default -> throw new AssertionError("no wire record has a list of " + element);
    };
  }

  private static AnnotatedType parameter(AnnotatedType type, int index) {
    return ((AnnotatedParameterizedType) type).getAnnotatedActualTypeArguments()[index];
  }

  private record Field(String name, AnnotatedType type, boolean required) {
    static Field of(RecordComponent component) {
      var renamed = component.getAccessor().getAnnotation(JsonProperty.class);
      return new Field(
          renamed == null ? component.getName() : renamed.value(),
          component.getAnnotatedType(),
          component.getAccessor().isAnnotationPresent(Required.class));
    }
  }

  /** What reflection says of a wire record, asked once. */
  private record Form(List<Field> fields, List<String> names, Constructor<?> constructor) {
    static final ClassValue<Form> OF =
        new ClassValue<>() {
          @Override
          protected Form computeValue(Class<?> type) {
            var fields = Arrays.stream(type.getRecordComponents()).map(Field::of).toList();
            return new Form(
                fields, fields.stream().map(Field::name).toList(), type.getConstructors()[0]);
          }
        };

    Object construct(@Nullable Object[] values) {
      try {
        return constructor.newInstance(values);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("a wire record takes any values of its types: " + constructor, e);
      }
    }
  }
}
