package dev.skep.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skep.agent.process.HostView;
import dev.skep.bpf.KernelRecord.Namespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host's namespaces and accounts. In a container that shares the host's process ids its files
 * are reached through its first process. {@link #refresh} on one thread, everything else on any.
 */
final class HostAccounts implements HostView {
  private static final Logger LOG = LoggerFactory.getLogger(HostAccounts.class);
  private static final Path OWN = Path.of("/etc/passwd");
  private static final Path OF_FIRST_PROCESS = Path.of("/proc/1/root/etc/passwd");

  private record Version(@Nullable Object file, FileTime changed, long size) {}

  private final Path passwd;
  private final Namespaces namespaces;
  private volatile Map<Integer, String> names = Map.of();
  private @Nullable Version version;
  private boolean complained;

  /**
   * @param namespaces the host's, as the kernel has them
   */
  static HostAccounts of(Namespaces namespaces) {
    return new HostAccounts(
        namespaces, namespaces.mnt() == ownMountNamespace() ? OWN : OF_FIRST_PROCESS);
  }

  HostAccounts(Namespaces namespaces, Path passwd) {
    this.namespaces = namespaces;
    this.passwd = passwd;
  }

  @Override
  public Namespaces namespaces() {
    return namespaces;
  }

  @Override
  public @Nullable String userName(int uid) {
    return names.get(uid);
  }

  /** Reads the accounts again if they changed. */
  void refresh() {
    try {
      var file = Files.readAttributes(passwd, BasicFileAttributes.class);
      var now = new Version(file.fileKey(), file.lastModifiedTime(), file.size());
      if (!now.equals(version)) {
        names = read();
        version = now;
      }
    } catch (IOException e) {
      if (!complained) {
        complained = true;
        LOG.warn(
            "users are not told by name, the host's accounts cannot be read: {}", e.toString());
      }
    }
  }

  /** Of several accounts with one number the first counts, as for getpwuid(3). */
  private Map<Integer, String> read() throws IOException {
    var read = new HashMap<Integer, String>();
    for (var line : new String(Files.readAllBytes(passwd), UTF_8).lines().toList()) {
      var fields = line.split(":", -1);
      if (fields.length > 2 && !fields[0].isEmpty()) {
        try {
          read.putIfAbsent(Integer.parseUnsignedInt(fields[2]), fields[0]);
        } catch (NumberFormatException _) {
          // no account, such as a line of NIS or a comment
        }
      }
    }
    return Map.copyOf(read);
  }

  private static int ownMountNamespace() {
    try {
      var link = Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")).toString();
      return Integer.parseUnsignedInt(link.substring(link.indexOf('[') + 1, link.length() - 1));
    } catch (IOException e) {
      LOG.debug("the agent's own mount namespace", e);
      return 0;
    }
  }
}
