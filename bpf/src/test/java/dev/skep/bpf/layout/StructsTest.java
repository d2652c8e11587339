package dev.skep.bpf.layout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.Btf;
import java.io.InputStream;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.StructLayout;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Java's structs against what the compiler of the kernel programs wrote down. */
class StructsTest {
  private static final List<String> OBJECTS = List.of("base", "syscalls", "policy", "view");

  @ParameterizedTest
  @MethodSource("structs")
  void eachStructIsAsTheObjectsHaveIt(String name, StructLayout struct) throws Exception {
    var built = inObjects(name);

    assertThat(built).as("an object that has struct %s", name).isPresent();
    assertThat(offsets(struct)).containsExactlyEntriesOf(built.orElseThrow().offsets());
    assertThat(struct.byteSize()).isEqualTo(built.orElseThrow().size());
  }

  static Stream<Object[]> structs() {
    return Arrays.stream(Structs.class.getFields())
        .filter(field -> Modifier.isStatic(field.getModifiers()))
        .filter(field -> field.getType() == StructLayout.class)
        .map(field -> {
          try {
            var struct = (StructLayout) Objects.requireNonNull(field.get(null));
            return new Object[] {struct.name().orElseThrow(), struct};
          } catch (IllegalAccessException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static Map<String, Long> offsets(StructLayout struct) {
    var offsets = new LinkedHashMap<String, Long>();
    for (MemoryLayout member : struct.memberLayouts()) {
      if (!(member instanceof PaddingLayout)) {
        var name = member.name().orElseThrow();
        offsets.put(name, struct.byteOffset(PathElement.groupElement(name)));
      }
    }
    return offsets;
  }

  private static Optional<Btf.Struct> inObjects(String name) throws Exception {
    for (var object : OBJECTS) {
      try (InputStream in =
              Objects.requireNonNull(
                  Structs.class.getResourceAsStream("/dev/skep/bpf/" + object + ".bpf.o"));
          var opened = BpfObject.open(in.readAllBytes(), object)) {
        var struct = opened.btf().struct(name);
        if (struct.isPresent()) {
          return struct;
        }
      }
    }
    return Optional.empty();
  }
}
