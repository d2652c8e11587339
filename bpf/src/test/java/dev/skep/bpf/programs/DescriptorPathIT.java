package dev.skep.bpf.programs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.KernelRecord.Argument;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an open file is called, asked by a hook on fsync(2). */
@NeedsKernel
@NeedsPolicies
class DescriptorPathIT {
  private static final int FSYNC = 74;

  @AutoClose private static TestNode node;

  @TempDir private Path folder;
  private Path here;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
    node.enforce("paths", TestNode.hook(FSYNC, List.of(new ArgumentPlan(ArgumentKind.FD, 0, 0))));
  }

  @BeforeEach
  void resolve() throws IOException {
    here = folder.toRealPath();
  }

  @Test
  void aFileHasItsFullPathHoweverItWasOpened() throws IOException {
    var below = Files.createDirectory(here.resolve("below"));

    assertThat(path("chdir", below, "open", "../below/./file", "fsync")).isEqualTo(below + "/file");
  }

  @Test
  void aDeletedFileKeepsThePathItHad() {
    var file = here.resolve("gone");

    assertThat(path("open", file, "unlink", file, "fsync")).isEqualTo(file.toString());
  }

  @Test
  void aFileBehindMountsIsCalledAsItWasReached() throws IOException {
    var source = Files.createDirectory(here.resolve("source"));
    var bound = Files.createDirectory(here.resolve("bound"));
    Files.createDirectory(source.resolve("inner"));
    var inner = bound.resolve("inner");
    var file = inner.resolve("file");

    assertThat(path("own-mounts", "bind", source, bound, "open", file, "fsync"))
        .isEqualTo(file.toString());
    assertThat(path("own-mounts", "bind", source, bound, "tmpfs", inner, "open", file, "fsync"))
        .isEqualTo(file.toString());
    assertThat(path("own-mounts", "bind", source, bound, "open-folder", bound, "fsync"))
        .isEqualTo(bound.toString());
  }

  @Test
  void aChangedRootDoesNotShortenThePath() {
    assertThat(path("chroot", here, "open", "/file", "fsync")).isEqualTo(here + "/file");
  }

  @Test
  void theTopIsASlash() {
    assertThat(path("open-folder", "/", "fsync")).isEqualTo("/");
  }

  @ParameterizedTest
  @CsvSource({"pipe, pipe:[%d]", "socket, socket:[%d]"})
  void pipesAndSocketsHaveTheirKindAndNumber(String word, String form) {
    var outcome = Trigger.run(word, "inode", "fsync");

    assertThat(text(argument(outcome))).isEqualTo(form.formatted(outcome.answers().get(1)));
  }

  @Test
  void filesWithoutAFolderHaveTheKernelsName() {
    assertThat(path("eventfd", "fsync")).isEqualTo("anon_inode:[eventfd]");
    assertThat(path("memfd", "sealed", "fsync")).isEqualTo("/memfd:sealed");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100, 255})
  void aPathOf4095BytesIsWhole(int nameBytes) {
    var outcome = deep(nameBytes, 4095);

    var path = text(argument(outcome));
    assertThat(path).hasSize(4095).startsWith(here + "/" + "n".repeat(nameBytes) + "/");
  }

  @Test
  void ofALongerPathTheEndIsThereAndItSaysSo() {
    var argument = argument(deep(100, 5000));

    assertThat(argument.truncated()).isTrue();
    assertThat(text(argument)).hasSizeBetween(3900, 4096).matches("(/n{100})+/f+");
  }

  @Test
  void aClosedDescriptorIsUnreadable() {
    var argument = argument(Trigger.run("descriptor", 777, "fsync"));

    assertThat(argument.unreadable()).isTrue();
    assertThat(argument.value()).isEqualTo(777);
    assertThat(argument.bytes()).isEmpty();
  }

  /** In a file system of its own, which goes with the process: nobody could delete such paths. */
  private Trigger.Outcome deep(int nameBytes, int pathBytes) {
    return Trigger.run(
        "own-mounts", "tmpfs", here, "open-deep", here, nameBytes, pathBytes, "fsync");
  }

  private static String path(Object... words) {
    var outcome = Trigger.run(words);
    var argument = argument(outcome);
    assertThat(argument.truncated() || argument.unreadable()).isFalse();
    return text(argument);
  }

  private static Argument argument(Trigger.Outcome outcome) {
    return node.records(Hook.class, outcome.pid()).getLast().arguments().getFirst();
  }

  private static String text(Argument argument) {
    return new String(argument.bytes(), UTF_8);
  }
}
