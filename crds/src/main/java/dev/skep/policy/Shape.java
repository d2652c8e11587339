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
    var components = type.getRecordComponents();
    var names = Arrays.stream(components).map(Shape::name).toList();
    node.fieldNames().forEachRemaining(field -> checkKnown(field, names, path));
    var values = new @Nullable Object[components.length];
    for (int i = 0; i < components.length; i++) {
      var field = node.get(names.get(i));
      var at = Path.child(path, names.get(i));
      if (field != null && !field.isNull()) {
        values[i] = read(components[i].getAnnotatedType(), field, at);
      } else if (components[i].getAccessor().isAnnotationPresent(Required.class)) {
        problems.broken(at, "is missing, but required" + choices(components[i].getAnnotatedType()));
      }
    }
    return construct(type, components, values);
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
        var components = c.getRecordComponents();
        yield construct(c, components, new @Nullable Object[components.length]);
      }
      default -> throw new AssertionError("no wire record has a list of " + element);
    };
  }

  private static AnnotatedType parameter(AnnotatedType type, int index) {
    return ((AnnotatedParameterizedType) type).getAnnotatedActualTypeArguments()[index];
  }

  private static String name(RecordComponent component) {
    var renamed = component.getAccessor().getAnnotation(JsonProperty.class);
    return renamed == null ? component.getName() : renamed.value();
  }

  private static Object construct(
      Class<?> type, RecordComponent[] components, @Nullable Object[] values) {
    try {
      var types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
      return type.getConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type + " has no open constructor of all its components", e);
    }
  }
}
