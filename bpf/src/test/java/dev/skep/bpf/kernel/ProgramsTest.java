package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.BpfException;
import org.junit.jupiter.api.Test;

class ProgramsTest {
  @Test
  void policiesAreRefusedByKernelsThatCannotRunThem() {
    assertThatThrownBy(() -> Programs.requireDispatch(new KernelVersion(5, 10)))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("policies need Linux 5.17 or newer, this is 5.10");
    assertThatCode(() -> Programs.requireDispatch(new KernelVersion(5, 17)))
        .doesNotThrowAnyException();
  }
}
