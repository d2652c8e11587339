package dev.skep.agent;

import dev.skep.agent.explain.Explanation;
import dev.skep.agent.plan.PolicyBinder;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.kernel.Dispatch;
import dev.skep.bpf.kernel.KernelWays;
import dev.skep.policy.PolicyReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "explain",
    description = {
      "Tells how this machine's kernel would carry policies out: for each hook where it",
      "attaches and why, what it reads, its selectors and actions, the maps it takes; or all",
      "the reasons to refuse it. Loads nothing, and needs no cluster and no rights."
    },
    exitCodeListHeading = "Exit status:%n",
    exitCodeList = {
      "0:every policy can be carried out here",
      "1:at least one is wrong",
      "2:a file cannot be read, or the call is wrong",
      "3:none is wrong, but at least one cannot be carried out here"
    },
    mixinStandardHelpOptions = true)
final class ExplainCommand implements Callable<Integer> {
  private static final Path TYPES = Path.of("/sys/kernel/btf/vmlinux");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "YAML or JSON")
  private List<Path> files = List.of();

  @Override
  public Integer call() throws IOException {
    var out = spec.commandLine().getOut();
    var host = new ThisHost(ThisHost.hostname(), ProcNamespaces.ofTheHost());
    var kernel = kernel(out);
    var binder = new PolicyBinder(host, true);
    int status = 0;
    for (var file : files) {
      String text;
      try {
        text = Files.readString(file);
      } catch (IOException e) {
        spec.commandLine().getErr().println(file + ": cannot be read: " + e);
        return 2;
      }
      for (var reading : PolicyReader.readText(text)) {
        var explanation = Explanation.of(reading, binder, kernel);
        out.println(file + ":");
        explanation.lines().forEach(out::println);
        status =
            switch (explanation.outcome()) {
              case CARRIED_OUT -> status;
              case REFUSED_HERE -> status == 1 ? 1 : 3;
              case INVALID -> 1;
            };
      }
    }
    out.flush();
    return status;
  }

  private static KernelWays kernel(PrintWriter out) throws IOException {
    if (!Files.isReadable(TYPES)) {
      out.println(
          "assumed: "
              + TYPES
              + " cannot be read, so every function is taken to be there with fitting arguments");
    }
    try {
      var ways = KernelWays.here();
      out.println(
          "kernel: Linux " + Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
      return ways;
    } catch (BpfException e) {
      out.println("assumed: a kernel older than 7.0, for " + e.getMessage());
      return new KernelWays(Dispatch.RAW_TRACEPOINT, true, false);
    }
  }
}
