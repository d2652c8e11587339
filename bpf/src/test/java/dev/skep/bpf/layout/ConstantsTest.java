package dev.skep.bpf.layout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord.Exec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Java's constants against shared.h, whose macros no compiler writes down. */
class ConstantsTest {
  private static final Path SHARED = Path.of("src/main/c/shared.h");
  private static final Pattern DEFINE =
      Pattern.compile("^#define (\\w+) (0x[0-9a-f]+|\\d+)\\b", Pattern.MULTILINE);
  private static final Pattern CAUSE = Pattern.compile("\\bDROP_(\\w+) = (\\d+)");

  @Test
  void flagsOfAnExecHaveTheSameBits() throws Exception {
    var flags = new LinkedHashMap<String, Integer>();
    numbers()
        .forEach((name, number) -> {
          if (name.startsWith("EXEC_") && !name.endsWith("_IN_DATA")) {
            flags.put(name.substring("EXEC_".length()), number);
          }
        });
    assertThat(flags).hasSize(14);
    for (var flag : flags.entrySet()) {
      assertThat(Exec.class.getField(flag.getKey()).getInt(null))
          .as(flag.getKey())
          .isEqualTo(flag.getValue());
    }
  }

  @Test
  void constantsOfTheSameNameAreEqual() throws Exception {
    int compared = 0;
    for (var number : numbers().entrySet()) {
      for (var field : Structs.class.getFields()) {
        if (field.getName().equals(number.getKey()) && field.getType() == int.class) {
          assertThat(field.getInt(null)).as(field.getName()).isEqualTo(number.getValue());
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(20);
    assertThat(Structs.LAYOUT).isEqualTo(numbers().get("SKEP_LAYOUT"));
  }

  @Test
  void causesOfLossHaveTheSameOrder() throws IOException {
    var causes = CAUSE.matcher(Files.readString(SHARED));
    int count = 0;
    while (causes.find()) {
      var name = causes.group(1).toLowerCase(Locale.ROOT);
      int number = Integer.parseInt(causes.group(2));
      if (name.equals("causes")) {
        assertThat(Structs.DROP_CAUSES).hasSize(number);
      } else {
        assertThat(Structs.DROP_CAUSES.get(number)).isEqualTo(name);
        count++;
      }
    }
    assertThat(count).isEqualTo(Structs.DROP_CAUSES.size());
  }

  private static Map<String, Integer> numbers() throws IOException {
    var numbers = new LinkedHashMap<String, Integer>();
    var defines = DEFINE.matcher(Files.readString(SHARED));
    while (defines.find()) {
      numbers.put(defines.group(1), (int) (long) Long.decode(defines.group(2)));
    }
    return numbers;
  }
}
