package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.BpfException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostTest {
  @ParameterizedTest
  @ValueSource(strings = {"4.19.0-27-amd64", "5.4.0", "5.9.16"})
  void aKernelThatIsTooOldIsRefusedWithBothVersions(String release) {
    var running = KernelVersion.parse(release);
    assertThatThrownBy(() -> Host.requireVersion(running))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("Linux " + running + ": Skep needs 5.10 or newer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"5.10.0-46-cloud-amd64", "5.15.0", "6.1.0\n", "6.18.44-fc-v669", "10.0"})
  void aNewerKernelIsNot(String release) {
    assertThatCode(() -> Host.requireVersion(KernelVersion.parse(release)))
        .doesNotThrowAnyException();
  }

  @Test
  void aKernelThatHidesItsMemoryIsRefusedWithARemedy() {
    assertThatThrownBy(() -> Host.requireReadableMemory("none integrity [confidentiality]\n"))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("boot without lockdown=confidentiality");
    assertThatCode(() -> Host.requireReadableMemory("none [integrity] confidentiality\n"))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "#1 SMP Debian 5.10.262-1         | ''                      | false",
        "#1 SMP PREEMPT_DYNAMIC Debian    | none (voluntary) full   | false",
        "#1 SMP PREEMPT_DYNAMIC Debian    | (none) voluntary full   | false",
        "#1 SMP PREEMPT_DYNAMIC Debian    | none voluntary (full)   | true",
        "#1 SMP PREEMPT_DYNAMIC Debian    | full (lazy)             | true",
        "#1 SMP PREEMPT_DYNAMIC Debian    | ''                      | true",
        "#1 SMP PREEMPT_RT Debian         | ''                      | true",
        "#1 SMP PREEMPT Ubuntu            | ''                      | true",
        "''                               | ''                      | true",
      })
  void aKernelThatMayPreemptItselfIsKnown(String version, String chosen, boolean preempts) {
    assertThat(Preemption.isOn(version, chosen)).isEqualTo(preempts);
  }
}
