package dev.skep.agent;

import dev.skep.agent.options.KernelFlags;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.kernel.SkepKernels;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "cleanup",
    description = "Removes all that an agent which does not run any more left in the kernel.",
    mixinStandardHelpOptions = true)
final class CleanupCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(CleanupCommand.class);

  @Option(
      names = "--bpf-dir",
      paramLabel = "DIR",
      defaultValue = KernelFlags.BPF_DIR,
      description = "Folder of bpffs that holds the agent's pins (default: ${DEFAULT-VALUE}).")
  private Path bpfDir = Path.of(KernelFlags.BPF_DIR);

  @Override
  public Integer call() {
    try {
      SkepKernels.cleanup(bpfDir);
      new LastConfig(bpfDir).delete();
      ClusterNode.tally(bpfDir).delete();
      return 0;
    } catch (BpfException e) {
      LOG.error("{}", e.getMessage());
      return 1;
    }
  }
}
