package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Credentials;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Executable;
import dev.skep.bpf.KernelRecord.Header;
import dev.skep.bpf.libbpf.Libc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What /proc tells of a process that runs. */
final class ProcFs {
  private static final byte[] NOTHING = {};
  private static final int HEX = 16;

  private final ProcessOptions options;

  ProcFs(ProcessOptions options) {
    this.options = options;
  }

  /** A text of the process, and the flag that says what it lacks; 0 if nothing. */
  private record Text(byte[] bytes, int flag) {}

  /**
   * As an exec record would have told it; credentials, arguments and working directory are those of
   * now. Empty if the process has ended.
   */
  Optional<Exec> exec(ProcessTable.Known process) {
    var folder = Path.of("/proc", Integer.toString(process.key().pid()));
    Credentials credentials;
    try {
      credentials = credentials(folder, process);
    } catch (IOException | IllegalArgumentException _) {
      return Optional.empty();
    }
    // Whether it raised them, nobody can tell any more.
    int flags = Exec.UNKNOWN_CHANGE | (process.inInitTree() ? Exec.IN_INIT_TREE : 0);
    var path = process.binary().length > 0 ? process.binary() : link(folder.resolve("exe"));
    if (path.length == 0) {
      flags |= Exec.UNREADABLE_PATH; // a kernel thread has none
    }
    var cwd = link(folder.resolve("cwd"));
    if (cwd.length == 0) {
      flags |= Exec.UNREADABLE_CWD;
    } else if (cwd.length == 1) {
      flags |= Exec.ROOT_CWD;
    }
    var arguments =
        text(
            folder.resolve("cmdline"),
            options.argumentBytes(),
            Exec.TRUNCATED_ARGUMENTS,
            Exec.UNREADABLE_ARGUMENTS);
    var environment = new Text(NOTHING, 0);
    if (options.environmentBytes() > 0) {
      environment =
          text(
              folder.resolve("environ"),
              options.environmentBytes(),
              Exec.TRUNCATED_ENVIRONMENT,
              Exec.UNREADABLE_ENVIRONMENT);
    }
    var header =
        new Header(
            0,
            process.began(),
            process.key(),
            process.began(),
            process.cgroup(),
            process.key().pid(),
            credentials.euid());
    return Optional.of(
        new Exec(
            header,
            process.parent(),
            process.parentBegan(),
            process.namespacePid(),
            loginUid(folder),
            flags | arguments.flag() | environment.flag(),
            path,
            cwd,
            arguments.bytes(),
            environment.bytes(),
            credentials,
            process.namespaces(),
            executable(folder.resolve("exe"))));
  }

  private static Text text(Path file, int limit, int truncated, int unreadable) {
    try (var in = Files.newInputStream(file)) {
      var bytes = in.readNBytes(limit + 1);
      return bytes.length > limit
          ? new Text(Arrays.copyOf(bytes, limit), truncated)
          : new Text(bytes, 0);
    } catch (IOException _) {
      return new Text(NOTHING, unreadable);
    }
  }

  /** Its user namespace and secure bits are as the program began with them. */
  private static Credentials credentials(Path folder, ProcessTable.Known process)
      throws IOException {
    var fields = status(folder);
    var users = ids(fields, "Uid"); // real, effective, saved, file
    var groups = ids(fields, "Gid");
    return new Credentials(
        users[0],
        groups[0],
        users[1],
        groups[1],
        users[2],
        groups[2],
        users[3],
        groups[3],
        process.secureBits(),
        capabilities(fields, "CapPrm"),
        capabilities(fields, "CapEff"),
        capabilities(fields, "CapInh"),
        process.userLevel(),
        process.userOwner(),
        process.userGroup());
  }

  private static Map<String, String> status(Path folder) throws IOException {
    var fields = new HashMap<String, String>();
    for (var line :
        Files.readString(folder.resolve("status"), StandardCharsets.ISO_8859_1).split("\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    return fields;
  }

  private static int[] ids(Map<String, String> status, String field) throws IOException {
    var ids = required(status, field).split("\t", -1);
    if (ids.length != 4) {
      throw new IOException(field + " has not four ids");
    }
    return Arrays.stream(ids).mapToInt(Integer::parseUnsignedInt).toArray();
  }

  private static long capabilities(Map<String, String> status, String field) throws IOException {
    return Long.parseUnsignedLong(required(status, field), HEX);
  }

  private static String required(Map<String, String> status, String field) throws IOException {
    var value = status.get(field);
    if (value == null) {
      throw new IOException("no " + field + " line");
    }
    return value;
  }

  private static int loginUid(Path folder) {
    try {
      return Integer.parseUnsignedInt(Files.readString(folder.resolve("loginuid")).strip());
    } catch (IOException | NumberFormatException _) {
      return -1; // a kernel without audit
    }
  }

  private static Executable executable(Path exe) {
    try {
      var file = Files.readAttributes(exe, "unix:dev,ino,nlink");
      return new Executable(
          ((Number) attribute(file, "dev")).longValue(),
          ((Number) attribute(file, "ino")).longValue(),
          ((Number) attribute(file, "nlink")).intValue(),
          -1,
          -1);
    } catch (IOException _) {
      return Executable.NONE; // a kernel thread has none
    }
  }

  private static Object attribute(Map<String, Object> file, String name) throws IOException {
    var value = file.get(name);
    if (value == null) {
      throw new IOException("no " + name);
    }
    return value;
  }

  /** By libc: Java would decode the bytes as the locale says, and lose some. */
  private static byte[] link(Path link) {
    try {
      return Libc.readLink(link.toString());
    } catch (BpfException _) {
      return NOTHING;
    }
  }
}
