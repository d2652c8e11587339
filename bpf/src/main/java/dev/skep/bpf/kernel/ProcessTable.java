package dev.skep.bpf.kernel;

import static dev.skep.bpf.layout.Structs.PROCESS_VALUE;
import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.bpf.SkepKernel.ProcessMapStatistics;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import dev.skep.bpf.ring.Fields;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The processes that are alive: who they are from the kernel's process map, what they were called
 * with from procfs, which a process that ends meanwhile takes away.
 */
final class ProcessTable {
  private static final long KEY = offset(PROCESS_VALUE, "key");
  private static final long PARENT = offset(PROCESS_VALUE, "parent");
  private static final long BEGAN = offset(PROCESS_VALUE, "began");
  private static final long PARENT_BEGAN = offset(PROCESS_VALUE, "parent_began");
  private static final long CGROUP = offset(PROCESS_VALUE, "cgroup");
  private static final long NAMESPACES = offset(PROCESS_VALUE, "namespaces");
  private static final long SECURE_BITS = offset(PROCESS_VALUE, "secure_bits");
  private static final long USER_LEVEL = offset(PROCESS_VALUE, "user_level");
  private static final long USER_OWNER = offset(PROCESS_VALUE, "user_owner");
  private static final long USER_GROUP = offset(PROCESS_VALUE, "user_group");
  private static final long NAMESPACE_PID = offset(PROCESS_VALUE, "namespace_pid");
  private static final long BINARY_SIZE = offset(PROCESS_VALUE, "binary_size");
  private static final long FLAGS = offset(PROCESS_VALUE, "flags");
  private static final long BINARY = offset(PROCESS_VALUE, "binary");

  private static final byte[] NOTHING = {};

  /** A process that executes again and again is told as it was at the last look. */
  private static final int LOOKS_MAX = 10;

  private final KernelMap processes;
  private final KernelMap counts;
  private final ProcFs procFs;

  ProcessTable(NodeMaps maps, ProcessOptions options) throws BpfException {
    this.processes = maps.get(NodeMaps.PROCESSES);
    this.counts = maps.get("process_map_counts");
    this.procFs = new ProcFs(options);
  }

  /** What the kernel's map says of a process. */
  record Known(
      ProcessKey key,
      ProcessKey parent,
      long began,
      long parentBegan,
      long cgroup,
      Namespaces namespaces,
      int secureBits,
      int userLevel,
      int userOwner,
      int userGroup,
      int namespacePid,
      boolean inInitTree,
      byte[] binary) {}

  List<Exec> alive() throws BpfException {
    var known = new ArrayList<Known>();
    processes.forEach((_, value) -> known.add(read(value)));
    var alive = new ArrayList<Exec>();
    for (var process : known) {
      one(process).ifPresent(alive::add);
    }
    alive.sort(Comparator.comparingLong(exec -> exec.header().process().start()));
    return alive;
  }

  Optional<Exec> one(int pid) throws BpfException {
    var known = known(pid);
    return known == null ? Optional.empty() : one(known);
  }

  /** Map and procfs are two looks: they are of one program if the map says the same afterwards. */
  private Optional<Exec> one(Known process) throws BpfException {
    var before = process;
    for (int look = 0; look < LOOKS_MAX; look++) {
      var told = procFs.exec(before);
      var after = known(before.key().pid());
      if (after == null || told.isEmpty()) {
        return Optional.empty();
      }
      boolean same = after.key().equals(before.key()) && after.began() == before.began();
      if (same && after.began() != 0) {
        return told;
      }
      before = after;
    }
    return procFs.exec(before);
  }

  private @Nullable Known known(int pid) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(PROCESS_VALUE);
      return processes.get(pid, value) ? read(value) : null;
    }
  }

  private static Known read(MemorySegment value) {
    int size = Short.toUnsignedInt(value.get(JAVA_SHORT, BINARY_SIZE));
    var binary = NOTHING;
    if (size < Structs.BINARY_BYTES) {
      binary = value.asSlice(BINARY, size).toArray(JAVA_BYTE);
    }
    return new Known(
        Fields.key(value, KEY),
        Fields.key(value, PARENT),
        value.get(JAVA_LONG, BEGAN),
        value.get(JAVA_LONG, PARENT_BEGAN),
        value.get(JAVA_LONG, CGROUP),
        Fields.namespaces(value, NAMESPACES),
        value.get(JAVA_INT, SECURE_BITS),
        value.get(JAVA_INT, USER_LEVEL),
        value.get(JAVA_INT, USER_OWNER),
        value.get(JAVA_INT, USER_GROUP),
        value.get(JAVA_INT, NAMESPACE_PID),
        (value.get(JAVA_BYTE, FLAGS) & Structs.PROCESS_IN_INIT_TREE) != 0,
        binary);
  }

  ProcessMapStatistics statistics() throws BpfException {
    var sums = new long[4]; // in the order of enum process_map_count
    try (var arena = Arena.ofConfined()) {
      var perCpu = arena.allocate(JAVA_LONG, KernelMap.possibleCpus());
      for (int index = 0; index < sums.length; index++) {
        counts.get(index, perCpu);
        sums[index] = Arrays.stream(perCpu.toArray(JAVA_LONG)).sum();
      }
    }
    return new ProcessMapStatistics(
        sums[0] - sums[1], processes.maxEntries(), sums[0], sums[1], sums[2], sums[3]);
  }
}
