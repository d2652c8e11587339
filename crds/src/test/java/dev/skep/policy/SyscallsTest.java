package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SyscallsTest {
  private static final Path HEADER =
      Path.of("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"); // linux-libc-dev
  private static final Pattern DEFINITION = Pattern.compile("#define __NR_(\\w+) (\\d+)");

  @Test
  void namesAndNumbersAreThoseOfTheKernelsHeader() throws IOException {
    assumeTrue(Files.exists(HEADER), HEADER + " is not installed");
    var defined =
        DEFINITION
            .matcher(Files.readString(HEADER))
            .results()
            .collect(Collectors.toMap(m -> m.group(1), m -> Integer.valueOf(m.group(2))));

    assertThat(defined).hasSizeGreaterThan(350);
    // A newer header may know more.
    assertThat(Map.copyOf(defined))
        .allSatisfy((name, number) -> {
          if (number <= 471) {
            assertThat(Syscalls.number(name)).as(name).hasValue(number);
          }
        });
  }

  @Test
  void onlyNamesWithoutPrefixAreKnown() {
    assertThat(Syscalls.names()).contains("read", "write", "openat2", "listns");
    assertThat(Syscalls.number("sys_write")).isEmpty();
  }
}
