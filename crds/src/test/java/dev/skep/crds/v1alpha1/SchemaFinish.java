package dev.skep.crds.v1alpha1;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What the generator has no annotation for: words, list types and descriptions. */
final class SchemaFinish {
  private final RecordComments comments;

  SchemaFinish(RecordComments comments) {
    this.comments = comments;
  }

  /** Walks a schema and the record that it was generated from side by side. */
  void finish(JSONSchemaProps schema, Class<?> type) {
    comments.of(type).ifPresent(schema::setDescription);
    for (var component : type.getRecordComponents()) {
      var property =
          requireNonNull(schema.getProperties().get(name(component)), component::toString);
      finish(property, component.getAnnotatedType());
      comments.of(type, component.getName()).ifPresent(property::setDescription);
    }
  }

  private void finish(JSONSchemaProps schema, AnnotatedType type) {
    switch (type.getType()) {
      case Class<?> c when c.isRecord() -> finish(schema, c);
      case ParameterizedType p when p.getRawType() == List.class ->
          finishList(schema, parameter(type, 0));
      case ParameterizedType p when p.getRawType() == Map.class ->
          finish(schema.getAdditionalProperties().getSchema(), parameter(type, 1));
      default -> {
        var words = type.getAnnotation(OneOf.class);
        if (words != null) {
          schema.setEnum(Arrays.stream(words.value()).<JsonNode>map(TextNode::new).toList());
        }
      }
    }
  }

  private void finishList(JSONSchemaProps schema, AnnotatedType element) {
    if (element.getType() == Condition.class) {
      schema.setXKubernetesListType("map");
      schema.setXKubernetesListMapKeys(List.of("type"));
      schema.getItems().getSchema().setRequired(List.of("type", "status"));
    } else {
      schema.setXKubernetesListType("atomic");
    }
    var items = schema.getItems().getSchema();
    finish(items, element);
    schema.setDescription(items.getDescription());
  }

  private static AnnotatedType parameter(AnnotatedType type, int index) {
    return ((AnnotatedParameterizedType) type).getAnnotatedActualTypeArguments()[index];
  }

  private static String name(RecordComponent component) {
    var renamed = component.getAccessor().getAnnotation(JsonProperty.class);
    return renamed == null ? component.getName() : renamed.value();
  }
}
