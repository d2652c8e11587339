package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which security modules the kernel asks: what is said at boot, in the order of {@code lsm=}. */
public final class SecurityModules {
  private static final Logger LOG = LoggerFactory.getLogger(SecurityModules.class);
  private static final Path SECURITYFS = Path.of("/sys/kernel/security");
  private static final String BPF = "bpf";

  private SecurityModules() {}

  /**
   * Whether programs on LSM hooks are called. Where that cannot be found out they are taken not to
   * be, for the kernel attaches them all the same.
   */
  public static boolean haveBpf() {
    return list().contains(BPF);
  }

  private static Set<String> list() {
    try {
      var list = SECURITYFS.resolve("lsm");
      if (!Files.exists(list)) { // in a container it is not, though the machine may have it
        Libc.mountSecurityfs(SECURITYFS.toString());
      }
      return Set.of(Files.readString(list).strip().split(",", -1));
    } catch (IOException | BpfException e) {
      LOG.warn("which security modules the kernel has cannot be read: {}", e.getMessage());
      return Set.of();
    }
  }
}
