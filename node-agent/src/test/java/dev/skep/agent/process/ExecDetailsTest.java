package dev.skep.agent.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.events.EnvironmentVariable;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ExecDetailsTest {
  @Test
  void variablesAreTakenApartAtTheirFirstEqualsSign() {
    assertThat(environment("A=1\0B=x=y\0C=\0D\0=E\0\0F=6"))
        .containsExactly(
            new EnvironmentVariable("A", "1"),
            new EnvironmentVariable("B", "x=y"),
            new EnvironmentVariable("C", ""),
            new EnvironmentVariable("D", ""),
            new EnvironmentVariable("=E", ""),
            new EnvironmentVariable("F", "6"));
    assertThat(environment("")).isEmpty();
  }

  @Test
  void onlyThoseThatAreAskedForAreTold() {
    assertThat(environment("PATH=/bin\0PATHS=no\0HOME=/root\0", "PATH", "HOME"))
        .extracting(EnvironmentVariable::key)
        .containsExactly("PATH", "HOME");
  }

  private static List<EnvironmentVariable> environment(String texts, String... only) {
    return ExecDetails.environment(texts.getBytes(UTF_8), Set.of(only));
  }
}
