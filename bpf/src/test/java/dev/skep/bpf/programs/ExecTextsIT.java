package dev.skep.bpf.programs;

import static dev.skep.bpf.programs.Witness.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.cluster.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each exec tells is what the program itself has, byte by byte. */
@NeedsKernel
class ExecTextsIT {
  private static final int LONGEST = 4096;

  @AutoClose private static TestNode node;

  private Path folder;
  private Path program;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @BeforeEach
  void copyTheWitness(@TempDir Path temporary) throws IOException {
    folder = temporary.toRealPath();
    program = Files.copy(Witness.PROGRAM, folder.resolve("witness"));
  }

  @Test
  void anExecIsToldWithPathFolderAndArguments() {
    Witness.called("folder", folder, "run", program, "any", "a b", "", "\"'\\", "").isTold(node);
  }

  @Test
  void aRelativePathIsToldFromTheTop() throws IOException {
    Files.createDirectory(folder.resolve("below"));

    Witness.called("folder", folder, "run", "./witness", "./witness").isTold(node);
    Witness.called("folder", folder, "run", "below/..//witness", "witness").isTold(node);
    Witness.called("folder", folder, "run-below", folder, "witness", "witness").isTold(node);
  }

  @Test
  void aLinkIsToldAsWhatItLeadsTo() throws IOException {
    var link = Files.createSymbolicLink(folder.resolve("link"), program);

    var witness = Witness.called("run", link, "link");

    assertThat(text(witness.isTold(node).path())).isEqualTo(program.toString());
  }

  @Test
  void aDescriptorIsToldAsThePathOfItsFile() {
    var witness = Witness.called("run-descriptor", program, "by descriptor");

    assertThat(text(witness.isTold(node).path())).isEqualTo(program.toString());
  }

  @Test
  void aProgramInMemoryIsToldByItsName() {
    var witness = Witness.called("run-memfd", "payload", program, "x");

    assertThat(text(witness.isTold(node).path())).isEqualTo("/memfd:payload");
  }

  @Test
  void aDeletedProgramIsToldByThePathThatItHad() {
    var witness = Witness.called("run-deleted", program, "x");

    assertThat(program).doesNotExist();
    assertThat(text(witness.isTold(node).path())).isEqualTo(program.toString());
  }

  @Test
  void aProgramThatWasRenamedIsToldByItsNewName() {
    var moved = program.resolveSibling("moved");

    var witness = Witness.called("rename", program, moved, "run", moved, "x");

    assertThat(text(witness.isTold(node).path())).isEqualTo(moved.toString());
  }

  @Test
  void ofAScriptTheInterpreterIsTheProgramAndTheScriptAnArgument() throws IOException {
    var script = script("script", program + " one option");
    var above = script("above", script.toString());
    var third = script("third", above + " x");

    var witness = Witness.called("run", script, "ignored", "a", "b c");
    witness.isTold(node);
    var nested = Witness.called("run", third, "ignored", "last");
    nested.isTold(node);

    assertThat(witness.arguments())
        .containsExactly(program.toString(), "one option", script.toString(), "a", "b c");
    assertThat(nested.arguments()).endsWith(above.toString(), "x", third.toString(), "last");
  }

  @Test
  void aScriptBehindADescriptorIsToldAsThatDescriptor() throws IOException {
    var script = script("script", program.toString());

    var below = Witness.called("run-below", folder, script.getFileName(), "x", "a");
    below.isTold(node);
    var alone = Witness.called("run-descriptor", script, "x", "a");
    alone.isTold(node);

    assertThat(below.arguments().get(1)).matches("/dev/fd/\\d+/script");
    assertThat(alone.arguments().get(1)).matches("/dev/fd/\\d+");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a%0Ab", "%FF%FE", "%C3", "%ED%A0%80", "%09%1B[31m", "%E2%80%AE", "%7F%01"})
  void anyByteMayBeInNamesAndArguments(String strange) {
    var name = folder + "/" + strange;

    var witness =
        Witness.called(
            "rename", program, name, "run", name, name, strange, "%0A", "", "%0A" + strange);

    witness.isTold(node);
    assertThat(witness.arguments()).hasSize(5);
  }

  /** Linux gives a program that is called without any argument an empty one since 5.18. */
  @Test
  void whoIsCalledWithoutArgumentsIsToldSo() {
    Witness.called("run", program).isTold(node);
    Witness.called("run", program, "").isTold(node);
    Witness.called("run", program, "", "", "").isTold(node);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 255, 4095, 4096})
  void argumentsOfAPageAreToldWhole(int bytes) {
    Witness.called("run", program, "x".repeat(bytes - 1)).isTold(node);
  }

  @Test
  void aProgramsFolderMayBeGone() {
    var witness = Witness.called("folder", folder, "lost-folder", "run", program, "x");

    assertThat(witness.folders()).singleElement().asString().endsWith(" (deleted)");
    witness.isTold(node);
  }

  @Test
  void aFolderMayBeTheTop() {
    var exec = Witness.called("folder", "/", "run", program, "x").told(node);

    assertThat(text(exec.cwd())).isEqualTo("/");
    assertThat(exec.flags()).isEqualTo(Exec.ROOT_CWD);
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 4094, 4095})
  void aFolderMayBeDeep(int bytes) throws Exception {
    var witness = Witness.called("folder", folder, "deep", bytes, "run", program, "x");

    assertThat(witness.folders()).singleElement().asString().hasSize(bytes);
    witness.isTold(node);
    removeDeep();
  }

  @Test
  void ofAFolderDeeperThanAnyPathTheEndIsTold() throws Exception {
    var witness = Witness.called("folder", folder, "deep", 5000, "run", program, "x");
    var exec = witness.told(node);
    removeDeep();

    assertThat(witness.folders()).as("what procfs says").isEmpty();
    assertThat(exec.flags()).isEqualTo(Exec.TRUNCATED_CWD);
    assertThat(text(exec.cwd())).hasSizeBetween(LONGEST - 256, LONGEST).startsWith("/d");
    assertThat(below(5000)).endsWith(text(exec.cwd()));
  }

  @Test
  void inAnotherRootPathsAreToldFromTheTopOfAll() throws IOException {
    Files.createDirectories(folder.resolve("jail/inner"));
    Files.copy(program, folder.resolve("jail/inner/program"));

    var exec =
        Witness.called(
                "root", folder.resolve("jail"), "folder", "/inner", "run", "/inner/program", "x")
            .told(node);

    assertThat(text(exec.path())).isEqualTo(folder + "/jail/inner/program");
    assertThat(text(exec.cwd())).isEqualTo(folder + "/jail/inner");
    assertThat(text(exec.arguments())).isEqualTo("x\0");
  }

  @Test
  void inAnotherMountNamespacePathsAreThoseOfIt() throws IOException {
    var elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.copy(program, elsewhere.resolve("program"));
    var here = Files.createDirectory(folder.resolve("here"));

    var witness =
        Witness.called("mount", elsewhere, here, "folder", here, "run", here + "/program", "x");

    assertThat(text(witness.isTold(node).path())).isEqualTo(here + "/program");
    assertThat(here).isEmptyDirectory();
  }

  private Path script(String name, String interpreter) throws IOException {
    var script = Files.writeString(folder.resolve(name), "#!" + interpreter + "\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    return script;
  }

  /** The folder that executes.c goes into for {@code deep}. */
  private String below(int bytes) {
    var path = new StringBuilder(folder.toString());
    while (path.length() < bytes) {
      int left = bytes - path.length() - 1;
      path.append('/').repeat("d", left > 255 ? 200 : left);
    }
    return path.toString();
  }

  /** What JUnit cannot, since the paths are too long for it. */
  private void removeDeep() throws Exception {
    var rm = new ProcessBuilder("rm", "-rf", folder + "/" + "d".repeat(200)).inheritIO().start();
    assertThat(rm.waitFor()).isZero();
  }
}
