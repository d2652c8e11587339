package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.PROCESS_VALUE;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.cluster.NeedsKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Kernels pass over programs now and then. Here the process map is made as it is then, and all
 * processes are looked at, as an agent does that takes over.
 */
@NeedsKernel
class MissedProcessIT {
  private static final long BINARY_SIZE = offset(PROCESS_VALUE, "binary_size");
  private static final long BINARY = offset(PROCESS_VALUE, "binary");
  private static final long BEGAN = offset(PROCESS_VALUE, "began");
  private static final long EXEC_ID = offset(PROCESS_VALUE, "exec_id");

  @RegisterExtension final KernelFixture fixture = new KernelFixture();
  private final MemorySegment entry = Arena.ofAuto().allocate(PROCESS_VALUE);
  private Process sleeper;

  @BeforeEach
  void aProcessThatAnAgentKnows() throws Exception {
    fixture.open().close(); // its programs go on
    sleeper = new ProcessBuilder("sleep", "1000").start();
    await().until(() -> isKnown() && binary().equals(ofSleep()));
  }

  @AfterEach
  void end() {
    sleeper.destroyForcibly();
  }

  @Test
  void aProgramWhoseExecWasMissedIsKnownAfterwards() throws Exception {
    long began = entry.get(JAVA_LONG, BEGAN);
    entry.asSlice(BINARY, Structs.BINARY_BYTES).fill((byte) 0).setString(0, "/before");
    entry.set(JAVA_SHORT, BINARY_SIZE, (short) "/before".length());
    entry.set(JAVA_INT, EXEC_ID, entry.get(JAVA_INT, EXEC_ID) - 1);
    try (var processes = processes()) {
      processes.put(pid(), entry);
    }

    fixture.open().close();

    assertThat(isKnown()).isTrue();
    assertThat(binary()).isEqualTo(ofSleep());
    assertThat(entry.get(JAVA_LONG, BEGAN)).as("another program").isGreaterThan(began);
  }

  @Test
  void whatIsRightStaysAsItIs() throws Exception {
    long began = entry.get(JAVA_LONG, BEGAN);

    fixture.open().close();

    assertThat(isKnown()).isTrue();
    assertThat(entry.get(JAVA_LONG, BEGAN)).isEqualTo(began);
  }

  @Test
  void aProcessWhoseForkWasMissedIsKnownAfterwards() throws Exception {
    try (var processes = processes()) {
      assertThat(processes.delete(pid())).isTrue();
    }

    fixture.open().close();

    assertThat(isKnown()).isTrue();
    assertThat(binary()).isEqualTo(ofSleep());
  }

  private KernelMap processes() throws Exception {
    return KernelMap.pinned(fixture.pin("processes"));
  }

  /** Reads its entry. */
  private boolean isKnown() throws Exception {
    try (var processes = processes()) {
      return processes.get(pid(), entry);
    }
  }

  private String binary() {
    return entry.asSlice(BINARY, Structs.BINARY_BYTES).getString(0);
  }

  private static String ofSleep() throws Exception {
    return Path.of("/bin/sleep").toRealPath().toString();
  }

  private int pid() {
    return (int) sleeper.pid();
  }
}
