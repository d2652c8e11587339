package dev.skep.agent.event;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileModeTest {
  @ParameterizedTest
  @CsvSource({
    "100644, -rw-r--r--",
    "40755, drwxr-xr-x",
    "41777, drwxrwxrwt",
    "41776, drwxrwxrwT",
    "104755, -rwsr-xr-x",
    "106644, -rwSr-Sr--",
    "102711, -rwx--s--x",
    "20666, crw-rw-rw-",
    "60660, brw-rw----",
    "10600, prw-------",
    "140777, srwxrwxrwx",
    "120777, lrwxrwxrwx",
    "0, ''"
  })
  void aModeIsWrittenAsLsDoes(String octal, String text) {
    assertThat(FileMode.text(Integer.parseInt(octal, 8))).isEqualTo(text);
  }
}
