package dev.skep.agent;

import dev.skep.agent.options.OptionSources;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The node agent's command line. */
@Command(
    name = "skep-agent",
    description = "Traces and guards the processes of this node.",
    subcommands = {RunCommand.class, ExplainCommand.class, CleanupCommand.class},
    mixinStandardHelpOptions = true,
    versionProvider = AgentMain.Version.class)
public final class AgentMain {
  private AgentMain() {}

  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return OptionSources.install(new CommandLine(new AgentMain()), System.getenv());
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"skep-agent " + ThisHost.version()};
    }
  }
}
