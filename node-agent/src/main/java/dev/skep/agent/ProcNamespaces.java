package dev.skep.agent;

import dev.skep.bpf.KernelRecord.Namespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Namespaces by /proc, for who asks no program in the kernel. */
final class ProcNamespaces {
  private static final Pattern INODE = Pattern.compile("\\[(\\d+)]");

  private ProcNamespaces() {}

  /** Of the first process; where that may not be asked, our own. */
  static Namespaces ofTheHost() {
    return new Namespaces(
        inode("uts"),
        inode("ipc"),
        inode("mnt"),
        inode("pid"),
        inode("pid_for_children"),
        inode("net"),
        inode("time"),
        inode("time_for_children"),
        inode("cgroup"),
        inode("user"));
  }

  private static int inode(String namespace) {
    for (var process : new String[] {"1", "self"}) {
      try {
        var link = Files.readSymbolicLink(Path.of("/proc", process, "ns", namespace)).toString();
        var matcher = INODE.matcher(link);
        if (matcher.find()) {
          return Integer.parseUnsignedInt(matcher.group(1));
        }
      } catch (IOException _) {
        // not ours to ask
      }
    }
    return 0;
  }
}
