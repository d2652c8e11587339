package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/** Runs {@code src/test/c/talker.c}, which talks over a network of its own as its words say. */
final class Talker {
  private static final Path PROGRAM = Ran.compiled("talker");

  private Talker() {}

  /**
   * @param words with blanks between them
   * @return its process id
   */
  static int run(String words) {
    var ran = Ran.run(Path.of("/"), PROGRAM, (Object[]) ("own-network " + words).split(" ", -1));
    assertThat(ran.code()).isZero();
    assertThat(ran.lines()).startsWith("own-network 0");
    return ran.pid();
  }
}
