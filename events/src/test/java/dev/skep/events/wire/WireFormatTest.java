package dev.skep.events.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.skep.events.Action;
import dev.skep.events.proto.BpfProto;
import dev.skep.events.proto.CapabilitiesProto;
import dev.skep.events.proto.EventLogServiceProto;
import dev.skep.events.proto.EventsProto;
import dev.skep.events.proto.KprobeAction;
import dev.skep.events.proto.SensorsProto;
import dev.skep.events.proto.TetragonProto;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Clients that others wrote know names and numbers by heart: {@code wire-facts.txt} lists all of
 * them, one a line.
 */
class WireFormatTest {
  private static final List<FileDescriptor> FILES =
      List.of(
          BpfProto.getDescriptor(),
          CapabilitiesProto.getDescriptor(),
          EventLogServiceProto.getDescriptor(),
          EventsProto.getDescriptor(),
          SensorsProto.getDescriptor(),
          TetragonProto.getDescriptor());

  @Test
  void everyNameAndNumberIsThatOfThePublicFormat() throws IOException {
    assertThat(FILES.stream().flatMap(WireFormatTest::facts))
        .containsExactlyInAnyOrderElementsOf(publicFacts());
  }

  @Test
  void allFilesAreInThePackageThatServicesAreCalledBy() {
    assertThat(FILES).allSatisfy(file -> assertThat(file.getPackage()).isEqualTo("tetragon"));
  }

  @Test
  void ourActionsAreThoseOfTheWireThatAreStillInUse() {
    var inUse =
        KprobeAction.getDescriptor().getValues().stream()
            .filter(value -> !value.getOptions().getDeprecated())
            .map(value -> value.getName() + " " + value.getNumber());

    assertThat(Stream.of(Action.values()).map(a -> "KPROBE_ACTION_" + a + " " + a.number()))
        .containsExactlyElementsOf(inUse.toList());
  }

  private static List<String> publicFacts() throws IOException {
    try (var resource =
            Objects.requireNonNull(WireFormatTest.class.getResourceAsStream("wire-facts.txt"));
        var reader = new BufferedReader(new InputStreamReader(resource, StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    }
  }

  private static Stream<String> facts(FileDescriptor file) {
    return Stream.of(
            file.getMessageTypes().stream().flatMap(WireFormatTest::facts),
            file.getEnumTypes().stream().flatMap(WireFormatTest::facts),
            file.getServices().stream().flatMap(WireFormatTest::facts))
        .flatMap(facts -> facts);
  }

  private static Stream<String> facts(Descriptor message) {
    if (message.getFields().isEmpty()) {
      return Stream.of(nameInPackage(message) + " empty");
    }
    var nested =
        message.getNestedTypes().stream()
            .filter(type -> !type.getOptions().getMapEntry())
            .flatMap(WireFormatTest::facts);
    return Stream.concat(message.getFields().stream().map(WireFormatTest::fact), nested);
  }

  private static Stream<String> facts(EnumDescriptor type) {
    return type.getValues().stream().map(value -> type.getName() + " " + fact(value));
  }

  private static Stream<String> facts(ServiceDescriptor service) {
    return service.getMethods().stream().map(method -> service.getName() + " " + fact(method));
  }

  private static String fact(EnumValueDescriptor value) {
    return value.getNumber()
        + " "
        + value.getName()
        + (value.getOptions().getDeprecated() ? " deprecated" : "");
  }

  private static String fact(MethodDescriptor method) {
    assertThat(method.isClientStreaming()).isFalse();
    return "rpc %s %s -> %s%s"
        .formatted(
            method.getName(),
            method.getInputType().getName(),
            method.isServerStreaming() ? "stream " : "",
            method.getOutputType().getName());
  }

  private static String fact(FieldDescriptor field) {
    var oneof = field.getContainingOneof();
    return nameInPackage(field.getContainingType())
        + " "
        + field.getNumber()
        + " "
        + (oneof == null ? "" : oneof.getName() + "/")
        + field.getName()
        + " "
        + type(field)
        + (field.getOptions().getDeprecated() ? " deprecated" : "");
  }

  private static String type(FieldDescriptor field) {
    if (field.isMapField()) {
      var entry = field.getMessageType();
      return "map<%s,%s>"
          .formatted(type(entry.findFieldByNumber(1)), type(entry.findFieldByNumber(2)));
    }
    var name =
        switch (field.getJavaType()) {
          case MESSAGE -> field.getMessageType().getName();
          case ENUM -> field.getEnumType().getName();
          case INT, LONG, FLOAT, DOUBLE, BOOLEAN, STRING, BYTE_STRING ->
              field.getType().name().toLowerCase(Locale.ROOT);
        };
    return field.isRepeated() ? "repeated " + name : name;
  }

  /** Without the package, but with the message that a message is nested in. */
  private static String nameInPackage(Descriptor message) {
    return message.getFullName().substring(message.getFile().getPackage().length() + 1);
  }
}
