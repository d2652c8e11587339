package dev.skep.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command line: {@code skep}, also {@code kubectl skep}. */
@Command(
    name = "skep",
    description = "Traces and guards the processes of a cluster.",
    subcommands = {ValidateCommand.class, ExplainCommand.class, VersionCommand.class},
    versionProvider = SkepMain.Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
public final class SkepMain {
  private SkepMain() {}

  public static void main(String[] arguments) {
    var out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
    var err = new PrintWriter(System.err, false, StandardCharsets.UTF_8);
    int status = run(out, err, arguments);
    out.flush();
    err.flush();
    System.exit(status);
  }

  /**
   * @return the exit status: 0, 1 if what was asked about is not so, 2 for a wrong call
   */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    return new CommandLine(new SkepMain()).setOut(out).setErr(err).execute(arguments);
  }

  /** Of the jar; a run from class files has none. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"skep " + version()};
    }

    private static String version() {
      @Nullable String version = SkepMain.class.getPackage().getImplementationVersion();
      return version == null ? "(not packaged)" : version;
    }
  }
}
