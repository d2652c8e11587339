package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What of the machine is this agent's node: all of it, unless the node is a container itself, as
 * kind makes them. Then it is what is below the node's cgroup, and processes have the ids of its
 * pid namespace. And where the kernel keeps a task's namespaces, and what sockets and packets say.
 *
 * @param cgroup id of the node's root in the unified hierarchy; 0: the whole machine
 * @param cgroupLevel how deep that is
 * @param pidLevel of the node's pid namespace; 0 is the initial one
 * @param pidNamespace its inode number
 * @param offsets struct namespace_offsets of each kind, then those by enum network_offset
 */
record NodeView(
    long cgroup, int cgroupLevel, int pidLevel, int pidNamespace, MemorySegment offsets) {

  private static final String CONSTANT = "view";

  private static final long PID_LEVEL = offset("pid_level");
  private static final long PID_NAMESPACE = offset("pid_namespace");
  private static final long CGROUP_LEVEL = offset("cgroup_level");
  private static final long CGROUPS = offset("cgroups");
  private static final long OFFSETS = offset("namespaces");
  private static final long NETWORK_BYTES = Structs.NETWORK_OFFSETS * (long) Integer.BYTES;
  private static final long OFFSETS_BYTES =
      Structs.NAMESPACE_KINDS * Structs.NAMESPACE_OFFSETS.byteSize() + NETWORK_BYTES;

  /** Asks the kernel where this process is. */
  static NodeView find() throws BpfException {
    return of(MemorySegment.ofArray(whereabouts()), Cgroups.root());
  }

  private static NodeView of(MemorySegment here, Optional<Path> root) throws BpfException {
    var offsets = here.asSlice(OFFSETS, OFFSETS_BYTES).asReadOnly();
    int pidLevel = here.get(JAVA_INT_UNALIGNED, PID_LEVEL);
    int pidNamespace = pidLevel == 0 ? 0 : here.get(JAVA_INT_UNALIGNED, PID_NAMESPACE);
    if (root.isEmpty()) {
      return whole(pidLevel, offsets, "no cgroup2 hierarchy is mounted");
    }
    long id = Cgroups.idOf(root.get());
    int deepest =
        Math.min(here.get(JAVA_INT_UNALIGNED, CGROUP_LEVEL), Structs.CGROUP_LEVELS_MAX - 1);
    for (int level = 0; level <= deepest; level++) {
      if (here.get(JAVA_LONG_UNALIGNED, CGROUPS + level * (long) Long.BYTES) == id) {
        return level == 0
            ? whole(pidLevel, offsets, root.get() + " is the whole machine's")
            : new NodeView(id, level, pidLevel, pidNamespace, offsets);
      }
    }
    throw new BpfException(
        "open",
        0,
        "the cgroups at %s (%d) are not the node's: this process is not below them; run the agent with hostPID, or mount the node's /sys/fs/cgroup"
            .formatted(root.get(), id));
  }

  /** All processes are guarded, so all must have an id that this process can see. */
  private static NodeView whole(int pidLevel, MemorySegment offsets, String why)
      throws BpfException {
    if (pidLevel != 0) {
      throw new BpfException(
          "open",
          0,
          "this process is in a pid namespace of its own, where it cannot see the node's processes, but %s: run the agent with hostPID (docker run --pid=host)"
              .formatted(why));
    }
    return new NodeView(0, 0, 0, 0, offsets);
  }

  /** The struct of that name, and what network offsets there are behind it. */
  private static byte[] whereabouts() throws BpfException {
    try (var object = Programs.VIEW.open()) {
      object.load();
      var place = told(object, "find_agent", Structs.WHEREABOUTS.byteSize());
      var network = told(object, "find_network", NETWORK_BYTES);
      return ByteBuffer.allocate(place.length + network.length).put(place).put(network).array();
    }
  }

  private static byte[] told(BpfObject object, String program, long bytes) throws BpfException {
    try (var link = object.program(program).attachIterator()) {
      var read = link.read();
      if (read.length != bytes) {
        throw new BpfException(
            "open", 0, "the kernel does not say where it keeps what: " + program);
      }
      return read;
    }
  }

  /** Before it is loaded. */
  void write(BpfObject object) throws BpfException {
    var constant = object.constant(CONSTANT);
    constant.set(JAVA_LONG, Structs.offset(Structs.NODE_VIEW, "cgroup"), cgroup);
    constant.set(JAVA_INT, Structs.offset(Structs.NODE_VIEW, "cgroup_level"), cgroupLevel);
    constant.set(JAVA_INT, Structs.offset(Structs.NODE_VIEW, "pid_level"), pidLevel);
    constant.set(JAVA_INT, Structs.offset(Structs.NODE_VIEW, "pid_namespace"), pidNamespace);
    long at = Structs.offset(Structs.NODE_VIEW, "namespaces");
    MemorySegment.copy(offsets, 0, constant, at, OFFSETS_BYTES);
  }

  private static long offset(String of) {
    return Structs.offset(Structs.WHEREABOUTS, of);
  }
}
