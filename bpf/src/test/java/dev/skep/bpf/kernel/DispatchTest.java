package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import java.util.List;
import org.junit.jupiter.api.Test;

class DispatchTest {
  @Test
  void whatAPredecessorChoseStays() throws BpfException {
    var programs = List.of("fork_kprobe", "dispatch_sys_enter", "dispatch_sys_exit");

    assertThat(Dispatch.choose(null, programs)).isEqualTo(Dispatch.RAW_TRACEPOINT);
    assertThat(Dispatch.choose(Dispatch.PERF_TRACEPOINT, programs))
        .isEqualTo(Dispatch.RAW_TRACEPOINT);
  }
}
