package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Java's operators against shared.h, whose enums the compiler may leave out. */
class FilterOperatorTest {
  private static final Pattern OPERATOR = Pattern.compile("\\bFILTER_(\\w+) = (\\d+)");

  @Test
  void eachHasTheNumberThatTheProgramsKnow() throws IOException {
    var shared = new TreeMap<String, Integer>();
    var found = OPERATOR.matcher(Files.readString(Path.of("src/main/c/shared.h")));
    while (found.find()) {
      shared.put(found.group(1), Integer.valueOf(found.group(2)));
    }
    var ours = new TreeMap<String, Integer>();
    for (var operator : FilterOperator.values()) {
      ours.put(operator.name(), operator.code());
      assertThat(FilterOperator.of(operator.code())).isEqualTo(operator);
    }
    assertThat(ours).isEqualTo(shared);
  }
}
