package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.PROCESS_KEY;
import static dev.skep.bpf.layout.Structs.PROCESS_VALUE;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Credentials;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Executable;
import dev.skep.bpf.KernelRecord.Header;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.bpf.libbpf.Libc;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The processes that are alive: who they are from the kernel's process map, what they were called
 * with from procfs, which a process that ends meanwhile takes away.
 */
final class ProcessTable {
  private static final long KEY = offset(PROCESS_VALUE, "key");
  private static final long PARENT = offset(PROCESS_VALUE, "parent");
  private static final long CGROUP = offset(PROCESS_VALUE, "cgroup");
  private static final long NAMESPACE_PID = offset(PROCESS_VALUE, "namespace_pid");
  private static final long BINARY_SIZE = offset(PROCESS_VALUE, "binary_size");
  private static final long BINARY = offset(PROCESS_VALUE, "binary");
  private static final long KEY_PID = offset(PROCESS_KEY, "pid");
  private static final long KEY_START = offset(PROCESS_KEY, "start");

  private static final byte[] NOTHING = {};

  private final KernelMap processes;

  ProcessTable(NodeMaps maps) throws BpfException {
    this.processes = maps.get("processes");
  }

  private record Known(
      ProcessKey key, ProcessKey parent, long cgroup, int namespacePid, byte[] binary) {}

  List<Exec> alive() throws BpfException {
    var known = new ArrayList<Known>();
    processes.forEach((_, value) -> known.add(read(value)));
    return known.stream()
        .flatMap(process -> exec(process).stream())
        .sorted(Comparator.comparingLong(exec -> exec.header().process().start()))
        .toList();
  }

  private static Known read(MemorySegment value) {
    int size = Short.toUnsignedInt(value.get(JAVA_SHORT, BINARY_SIZE));
    var binary = NOTHING;
    if (size < Structs.BINARY_BYTES) {
      binary = value.asSlice(BINARY, size).toArray(JAVA_BYTE);
    }
    return new Known(
        key(value, KEY),
        key(value, PARENT),
        value.get(JAVA_LONG, CGROUP),
        value.get(JAVA_INT, NAMESPACE_PID),
        binary);
  }

  private static ProcessKey key(MemorySegment value, long at) {
    return new ProcessKey(value.get(JAVA_INT, at + KEY_PID), value.get(JAVA_LONG, at + KEY_START));
  }

  /** Empty if it has ended. */
  private static Optional<Exec> exec(Known process) {
    var folder = Path.of("/proc", Integer.toString(process.key().pid()));
    int uid;
    try {
      uid = effectiveUid(folder);
    } catch (IOException _) {
      return Optional.empty();
    }
    int flags = 0;
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
    byte[] arguments;
    try (var in = Files.newInputStream(folder.resolve("cmdline"))) {
      arguments = in.readNBytes(Structs.DATA_MAX_BYTES + 1);
      if (arguments.length > Structs.DATA_MAX_BYTES) {
        arguments = Arrays.copyOf(arguments, Structs.DATA_MAX_BYTES);
        flags |= Exec.TRUNCATED_ARGUMENTS;
      }
    } catch (IOException _) {
      arguments = NOTHING;
      flags |= Exec.UNREADABLE_ARGUMENTS;
    }
    var header =
        new Header(
            0,
            process.key().start(),
            process.key(),
            process.key().start(),
            process.cgroup(),
            process.key().pid(),
            uid);
    return Optional.of(
        new Exec(
            header,
            process.parent(),
            0,
            process.namespacePid(),
            loginUid(folder),
            flags,
            path,
            cwd,
            arguments,
            NOTHING,
            Credentials.NONE,
            Namespaces.NONE,
            Executable.NONE));
  }

  private static int effectiveUid(Path folder) throws IOException {
    for (var line :
        Files.readString(folder.resolve("status"), StandardCharsets.ISO_8859_1).split("\n", -1)) {
      if (line.startsWith("Uid:")) {
        return Integer.parseUnsignedInt(line.split("\t", -1)[2]); // real, effective, saved, file
      }
    }
    throw new IOException("no Uid line");
  }

  private static int loginUid(Path folder) {
    try {
      return Integer.parseUnsignedInt(Files.readString(folder.resolve("loginuid")).strip());
    } catch (IOException | NumberFormatException _) {
      return -1; // a kernel without audit
    }
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
