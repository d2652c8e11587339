package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** A run of {@code src/test/c/population.c}: processes that come and go until told to rest. */
final class Population implements AutoCloseable {
  private static final Path PROGRAM = Ran.compiled("population");

  private final Process process;
  private final BufferedReader lines;

  /** Some are there already, and more come and go. */
  Population() throws IOException {
    process =
        new ProcessBuilder(PROGRAM.toString(), Trigger.TINY.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    lines = process.inputReader();
    assertThat(lines.readLine()).isEqualTo("begun");
  }

  /** Those that are alive; from now on they stay and no others come. */
  Set<Integer> rest() throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
    var alive = new HashSet<Integer>();
    for (var line = lines.readLine(); !"rest".equals(line); line = lines.readLine()) {
      assertThat(line).startsWith("alive ");
      alive.add(Integer.parseInt(line.substring("alive ".length())));
    }
    return alive;
  }

  /** Ends them all. */
  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    process.onExit().join();
    lines.close();
  }
}
