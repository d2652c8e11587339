package dev.skep.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What a kernel makes of a policy its agent knows: {@code skep-agent explain} is asked. */
@Command(
    name = "explain",
    description = {
      "Tells how this machine's kernel would carry policies out, or all the reasons to refuse",
      "them; loads nothing. Asks skep-agent, which has to be installed beside skep."
    },
    mixinStandardHelpOptions = true)
final class ExplainCommand implements Callable<Integer> {
  /** The launcher says where. */
  private static final String AGENT = "skep.agent";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "YAML or JSON")
  private List<String> files = List.of();

  @Override
  public Integer call() throws InterruptedException {
    var agent = System.getProperty(AGENT, "skep-agent");
    var command = new ArrayList<>(List.of(agent, "explain", "--"));
    command.addAll(files);
    try {
      return new ProcessBuilder(command).inheritIO().start().waitFor();
    } catch (IOException e) {
      spec.commandLine()
          .getErr()
          .println(
              "explain: cannot start "
                  + agent
                  + ", which knows this machine's kernel: "
                  + e.getMessage());
      return 2;
    }
  }
}
