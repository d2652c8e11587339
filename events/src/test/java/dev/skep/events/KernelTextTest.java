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
          printf||x|           , '"" x'
          printf|x||           , 'x ""'
          printf||             , '""'
          |                    , ''
          |-u|                 , -u
          a|é 日|ÿ   , '"é 日" ÿ'
          """)
  void argumentsAreOneLineWithoutTheProgramsName(String argv, String line) {
    assertThat(KernelText.arguments(argv.replace('|', '\0').getBytes(UTF_8))).isEqualTo(line);
  }

  @Test
  void anArgumentKeepsItsNewlineAndWhatIsNotUtf8IsShown() {
    var argv =
        new byte[] {'x', 0, 'a', '\n', 'b', 0, (byte) 0xe6, (byte) 0x97, 0, (byte) 0xff, 'c'};

    assertThat(KernelText.arguments(argv)).isEqualTo("a\nb \uFFFD \uFFFDc");
  }

  @Test
  void halfASurrogatePairIsReplacedAndAWholeOneStays() {
    assertThat(KernelText.wellFormed("a\ud83db \ud83d\udc1d")).isEqualTo("a?b \ud83d\udc1d");
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
