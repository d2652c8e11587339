package dev.skep.bpf.programs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.kernel.ProcessOptions;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NotInVm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arguments and environment as long as the kernel lets them be. */
@NeedsKernel
class LongTextsIT {
  private static final int RING_BYTES = 32 << 20;
  private static final int WORD_BYTES = 1000;

  @ParameterizedTest
  @ValueSource(ints = {4096, 4097, 16_384, 16_385, 100 << 10, 1 << 20, 2_000_000})
  void argumentsAreToldWhole(int bytes) throws Exception {
    try (var node = node(ProcessOptions.ARGUMENT_BYTES_MAX, 0)) {
      var command = command(bytes);

      var exec = execOf(node, command, Map.of());

      assertThat(exec.arguments()).isEqualTo(argv(command)).hasSize(bytes);
      assertThat(exec.flags() & ~Exec.ROOT_CWD).isZero();
      assertThat(node.kernel().drops()).containsEntry("ring_data", 0L);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100, 5000, 32_768})
  void whatIsLongerThanTheLimitIsCutThere(int limit) throws Exception {
    try (var node = node(limit, 0)) {
      var command = command(200_000);

      var exec = execOf(node, command, Map.of());

      assertThat(new String(exec.arguments(), UTF_8))
          .isEqualTo(new String(argv(command), UTF_8).substring(0, limit));
      assertThat(exec.flags() & ~Exec.ROOT_CWD).isEqualTo(Exec.TRUNCATED_ARGUMENTS);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 3000, 50_000})
  void theEnvironmentIsToldIfAskedFor(int bytes) throws Exception {
    try (var node = node(32_768, 1 << 20)) {
      var environment = Map.of("SHORT", "1", "LONG", "y".repeat(bytes));

      var exec = execOf(node, command(50_000), environment);

      assertThat(new String(exec.environment(), UTF_8).split("\0"))
          .containsExactlyInAnyOrder("SHORT=1", "LONG=" + "y".repeat(bytes));
      assertThat(exec.arguments()).hasSize(32_768);
      assertThat(exec.flags() & ~Exec.ROOT_CWD).isEqualTo(Exec.TRUNCATED_ARGUMENTS);
    }
  }

  @Test
  void nobodySeesTheEnvironmentWhoDidNotAsk() throws Exception {
    try (var node = node(32_768, 0)) {
      assertThat(execOf(node, command(50), Map.of("SECRET", "1")).environment()).isEmpty();
    }
  }

  @Test
  void manyAtOnceAreNotMixedUp() throws Exception {
    try (var node = node(1 << 20, 0)) {
      var commands =
          IntStream.range(0, 40).mapToObj(number -> command(60_000 + 1111 * number)).toList();
      var processes = new ArrayList<Process>();
      for (var command : commands) {
        processes.add(start(command, Map.of()));
      }
      for (int i = 0; i < processes.size(); i++) {
        processes.get(i).waitFor();
        var exec = node.records(Exec.class, (int) processes.get(i).pid()).getLast();
        assertThat(exec.arguments()).isEqualTo(argv(commands.get(i)));
      }
    }
  }

  @Test
  void whatTheRingHadNoRoomForIsMissingAndSaidSo() throws Exception {
    try (var node = new TestNode(16 << 10, options(1 << 20, 0))) {
      var command = command(100_000);

      var exec = execOf(node, command, Map.of());

      assertThat(new String(argv(command), UTF_8)).startsWith(new String(exec.arguments(), UTF_8));
      assertThat(exec.arguments()).hasSizeLessThan(100_000);
      assertThat(exec.flags() & (Exec.TRUNCATED_ARGUMENTS | Exec.UNREADABLE_ARGUMENTS)).isNotZero();
      assertThat(node.kernel().drops().get("ring_data")).isPositive();
    }
  }

  @Test
  @NotInVm("on an overlay of two file systems, stat(2) gives files another device than theirs")
  void aProcessThatRunsIsToldWithTheSameTexts() throws Exception {
    try (var node = node(1 << 20, 1 << 20)) {
      var command = new ArrayList<>(List.of("/bin/sleep", "60"));
      for (int i = 0; i < 30_000; i++) {
        command.add("0");
      }
      var process = start(command, Map.of("A", "b"));
      try {
        var told = node.kernel().process((int) process.pid()).orElseThrow();
        var exec = node.records(Exec.class, (int) process.pid()).getLast();

        assertThat(told.arguments()).isEqualTo(exec.arguments()).isEqualTo(argv(command));
        assertThat(told.environment()).asString(UTF_8).isEqualTo("A=b\0");
        assertThat(told.path()).isEqualTo(exec.path());
        assertThat(told.header().began()).isEqualTo(exec.header().began());
        assertThat(told.credentials()).isEqualTo(exec.credentials());
        assertThat(told.namespaces()).isEqualTo(exec.namespaces());
        assertThat(told.executable()).isEqualTo(exec.executable());
        assertThat(told.parent()).isEqualTo(exec.parent());
        assertThat(told.parentBegan()).isEqualTo(exec.parentBegan()).isPositive();
      } finally {
        process.destroyForcibly();
      }
    }
  }

  private static TestNode node(int argumentBytes, int environmentBytes) throws BpfException {
    return new TestNode(RING_BYTES, options(argumentBytes, environmentBytes));
  }

  private static ProcessOptions options(int argumentBytes, int environmentBytes) {
    return new ProcessOptions(
        ProcessOptions.DEFAULT_MAP_ENTRIES, argumentBytes, environmentBytes, false, null, null);
  }

  private static Exec execOf(TestNode node, List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    var process = start(command, environment);
    process.waitFor();
    return node.records(Exec.class, (int) process.pid()).getLast();
  }

  private static Process start(List<String> command, Map<String, String> environment)
      throws IOException {
    var builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** With so many bytes of arguments, a NUL after each counted; every word differs. */
  private static List<String> command(int bytes) {
    var command = new ArrayList<>(List.of(Trigger.TINY.toString()));
    int left = bytes - command.getFirst().length() - 1;
    for (int number = 0; left > 0; number++) {
      int length = Math.min(left, WORD_BYTES);
      var word = new StringBuilder(Integer.toString(number));
      while (word.length() < length) {
        word.append((char) ('a' + number % 26));
      }
      word.setLength(length - 1);
      command.add(word.toString());
      left -= length;
    }
    return command;
  }

  private static byte[] argv(List<String> command) {
    return command.stream().map(word -> word + "\0").collect(Collectors.joining()).getBytes(UTF_8);
  }
}
