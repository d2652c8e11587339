package dev.skep.events;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelTextTest {
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          ''                   , ''
          id                   , ''
          id|                  , ''
          id|-u|               , -u
          sh|-c|echo a b|x|    , -c "echo a b" x
          sh|-c|cut of         , -c "cut of"
          printf||x|           , ' x'
          """)
  void argumentsAreOneLineWithoutTheProgramsName(String argv, String line) {
    assertThat(KernelText.arguments(argv.replace('|', '\0').getBytes(UTF_8))).isEqualTo(line);
  }

  @Test
  void anExecIdIsBase64OfNodeTimeAndPid() {
    assertThat(ExecId.of("node", 123, 45)).isEqualTo("bm9kZToxMjM6NDU=");
  }

  @Test
  void flagsAreWordsInTheWireFormatsOrder() {
    assertThat(
            ProcessFlag.words(Set.of(ProcessFlag.CLONE, ProcessFlag.ROOT_CWD, ProcessFlag.EXECVE)))
        .isEqualTo("execve rootcwd clone");
  }

  @ParameterizedTest
  @CsvSource({
    "0, ''",
    "9, SIGKILL",
    "31, SIGSYS",
    "32, 32",
    "34, SIGRTMIN",
    "64, SIGRTMIN+30",
    "65, 65"
  })
  void signalsHaveTheirNames(int signal, String name) {
    assertThat(Signals.name(signal)).isEqualTo(name);
  }
}
