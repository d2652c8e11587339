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
 * The host through its first process: in a container that shares the host's process ids that is not
 * what the agent itself has. {@link #refresh} on one thread, everything else on any.
 */
final class HostAccounts implements HostView {
  private static final Logger LOG = LoggerFactory.getLogger(HostAccounts.class);
  private static final Path FIRST = Path.of("/proc/1");

  private record Version(@Nullable Object file, FileTime changed, long size) {}

  private final Path passwd;
  private final Namespaces namespaces;
  private volatile Map<Integer, String> names = Map.of();
  private @Nullable Version version;
  private boolean complained;

  HostAccounts() {
    this(FIRST.resolve("root/etc/passwd"));
  }

  HostAccounts(Path passwd) {
    this.passwd = passwd;
    this.namespaces =
        new Namespaces(
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

  /** 0 where there are none of this kind, or the process is out of reach. */
  private static int inode(String kind) {
    try {
      var link = Files.readSymbolicLink(FIRST.resolve("ns").resolve(kind)).toString();
      return Integer.parseUnsignedInt(link.substring(link.indexOf('[') + 1, link.length() - 1));
    } catch (IOException | NumberFormatException e) {
      LOG.debug("namespace {} of the host", kind, e);
      return 0;
    }
  }
}
