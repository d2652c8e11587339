package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.ProcessHooks;
import dev.skep.bpf.ProcessHooks.Attachment;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.BpfProgram;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The programs of base.bpf.c. Fork, exec, exit and change of credentials have a program for each
 * way to see them; the best that this kernel takes is loaded.
 */
final class BaseSensor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BaseSensor.class);
  private static final String ITERATOR = "fill_processes";

  /** Attached one and all, whatever the kernel. */
  private static final List<String> TRACEPOINTS = List.of("cgroup_made", "cgroup_gone");

  /** The kernel that the tracepoint of credentials came with. */
  private static final KernelVersion CREDENTIALS_TRACEPOINT = new KernelVersion(6, 10);

  /** A run marks whole families at once, but for children that are listed before their parents. */
  private static final int MARKING_RUNS_MAX = 100;

  /** Before, a program enters a function once in its life, which a trial would use up. */
  private static final KernelVersion REATTACHES = new KernelVersion(5, 13);

  private static final long ARGUMENT_BYTES = at("argument_bytes");
  private static final long ENVIRONMENT_BYTES = at("environment_bytes");
  private static final long THROTTLE_INTERVAL = at("throttle_interval");
  private static final long THROTTLE_EVENTS = at("throttle_events");
  private static final long PARENT_BINARIES = at("parent_binaries");
  private static final long SEES_CREDENTIALS = at("sees_credentials");

  /** What can be seen in more than one way. */
  private enum Point {
    FORK,
    EXEC,
    EXIT,
    CREDENTIALS;

    /** What the programs for this kernel have. */
    List<Attachment> ways() throws BpfException {
      if (this != EXEC) {
        return List.of(Attachment.FENTRY, Attachment.KPROBE, Attachment.TRACEPOINT);
      }
      return Programs.base() == Programs.BASE_510
          ? List.of(Attachment.TRACEPOINT)
          : List.of(Attachment.KPROBE, Attachment.TRACEPOINT);
    }

    String program(Attachment way) {
      return (this + "_" + way).toLowerCase(Locale.ROOT);
    }
  }

  private final Folder folder;
  private final NodeMaps maps;
  private final ProcessOptions options;
  private final int generation;
  private @Nullable BpfObject loaded;
  private Map<Point, Attachment> ways = Map.of();

  BaseSensor(Folder folder, NodeMaps maps, ProcessOptions options, int generation) {
    this.folder = folder;
    this.maps = maps;
    this.options = options;
    this.generation = generation;
  }

  /**
   * Whether this agent can follow one whose programs have these names. Programs of different ways
   * run at different moments of the same fork: while one hands over to the other it would be told
   * twice or not at all.
   */
  static boolean canFollow(List<String> programs, ProcessOptions options) {
    var wanted = options.attachment();
    if (wanted == null) {
      return true;
    }
    for (var way : Attachment.values()) {
      if (way != wanted && programs.contains(Point.FORK.program(way))) {
        return false;
      }
    }
    return true;
  }

  /** Verified, and known to be attachable; nothing runs yet. */
  void load() throws BpfException {
    var usual = usualOrder();
    var predecessors = folder.programs();
    var orders = new EnumMap<Point, List<Attachment>>(Point.class);
    for (var point : Point.values()) {
      orders.put(point, order(point, usual, predecessors));
    }
    var first = new EnumMap<Point, Attachment>(Point.class);
    orders.forEach((point, order) -> first.put(point, order.getFirst()));
    try {
      loaded = load(first, true);
      ways = first;
      return;
    } catch (BpfException e) {
      LOG.debug("the first choice {} is refused: {}", first, e.getMessage());
    }
    var found = new EnumMap<Point, Attachment>(Point.class);
    for (var entry : orders.entrySet()) {
      found.put(entry.getKey(), probe(entry.getKey(), entry.getValue()));
    }
    loaded = load(found, true);
    ways = found;
  }

  private List<Attachment> usualOrder() throws BpfException {
    var forced = options.attachment();
    if (forced != null) {
      return List.of(forced);
    }
    if (!Preemption.isOn()) {
      return List.of(Attachment.FENTRY, Attachment.KPROBE, Attachment.TRACEPOINT);
    }
    return Preemption.reachesTracepoints()
        ? List.of(Attachment.KPROBE, Attachment.TRACEPOINT, Attachment.FENTRY)
        : List.of(Attachment.TRACEPOINT, Attachment.FENTRY, Attachment.KPROBE);
  }

  /** What to try, best first; what the predecessor found good goes before all. */
  private static List<Attachment> order(
      Point point, List<Attachment> usual, List<String> predecessors) throws BpfException {
    var order = new ArrayList<>(point == Point.EXEC ? execOrder(usual) : usual);
    for (var way : point == Point.EXEC ? point.ways() : usual) {
      if (predecessors.contains(point.program(way))) {
        order.remove(way);
        order.addFirst(way);
      }
    }
    if (point == Point.CREDENTIALS) {
      if (KernelVersion.running().isBefore(CREDENTIALS_TRACEPOINT)) {
        order.remove(Attachment.TRACEPOINT);
      }
      order.add(Attachment.NONE); // one can do without
    }
    return order;
  }

  /** The tracepoint is the better one, unless it can be preempted. */
  private static List<Attachment> execOrder(List<Attachment> usual) throws BpfException {
    var ways = Point.EXEC.ways();
    return usual.getFirst() == Attachment.KPROBE ? ways : List.of(ways.getLast());
  }

  private Attachment probe(Point point, List<Attachment> order) throws BpfException {
    var refusals = new ArrayList<String>();
    for (var way : order) {
      if (way == Attachment.NONE) {
        return way;
      }
      try {
        load(Map.of(point, way), false).close();
        return way;
      } catch (BpfException e) {
        LOG.debug("{} by {} is refused: {}", point, way, e.getMessage());
        refusals.add(way + ": " + e.getMessage());
      }
    }
    throw new BpfException(
        "open",
        0,
        "this kernel lets nothing see a process' %s: %s"
            .formatted(point.toString().toLowerCase(Locale.ROOT), String.join("; ", refusals)));
  }

  /**
   * With these programs of all points alone.
   *
   * @param others whether also with those that there is one way for
   */
  private BpfObject load(Map<Point, Attachment> chosen, boolean others) throws BpfException {
    var object = Programs.base().open();
    try {
      for (var point : Point.values()) {
        for (var way : point.ways()) {
          if (chosen.get(point) != way) {
            object.program(point.program(way)).leaveOut();
          }
        }
      }
      if (!others) {
        for (var tracepoint : TRACEPOINTS) {
          object.program(tracepoint).leaveOut();
        }
        object.program(ITERATOR).leaveOut();
      }
      object.constant("generation").set(JAVA_INT, 0, generation);
      write(object.constant("limits"), chosen.get(Point.CREDENTIALS) != Attachment.NONE);
      maps.load(object);
      for (var entry : chosen.entrySet()) {
        tryAttach(object, entry.getKey(), entry.getValue());
      }
      return object;
    } catch (BpfException e) {
      object.close();
      throw e;
    }
  }

  private void write(MemorySegment limits, boolean seesCredentials) {
    limits.set(JAVA_INT, ARGUMENT_BYTES, options.argumentBytes());
    limits.set(JAVA_INT, ENVIRONMENT_BYTES, options.environmentBytes());
    var throttle = options.throttle();
    limits.set(JAVA_INT, THROTTLE_EVENTS, throttle == null ? 0 : throttle.events());
    limits.set(JAVA_LONG, THROTTLE_INTERVAL, throttle == null ? 1 : throttle.interval().toNanos());
    limits.set(JAVA_BYTE, PARENT_BINARIES, (byte) (options.parentBinaries() ? 1 : 0));
    limits.set(JAVA_BYTE, SEES_CREDENTIALS, (byte) (seesCredentials ? 1 : 0));
  }

  /** Tracepoints are there if the program was loaded; functions may still refuse. */
  private void tryAttach(BpfObject object, Point point, Attachment way) throws BpfException {
    boolean again = !KernelVersion.running().isBefore(REATTACHES);
    if (way == Attachment.KPROBE || (way == Attachment.FENTRY && again)) {
      var program = object.program(point.program(way));
      folder.attach(generation, program);
      Folder.remove(folder.link(generation, program.name()));
    }
  }

  /** Asleep until their generation is the active one. */
  void attach() throws BpfException {
    var object = object();
    for (var program : programs()) {
      folder.attach(generation, object.program(program));
    }
    LOG.info(
        "processes are seen by: fork {}, exec {}, exit {}, credentials {}",
        ways.get(Point.FORK),
        ways.get(Point.EXEC),
        ways.get(Point.EXIT),
        ways.get(Point.CREDENTIALS));
  }

  private List<String> programs() {
    var programs = new ArrayList<>(TRACEPOINTS);
    ways.forEach((point, way) -> {
      if (way != Attachment.NONE) {
        programs.add(point.program(way));
      }
    });
    return programs;
  }

  ProcessHooks hooks() {
    return new ProcessHooks(
        way(Point.FORK), way(Point.EXEC), way(Point.EXIT), way(Point.CREDENTIALS));
  }

  private Attachment way(Point point) {
    return Optional.ofNullable(ways.get(point)).orElse(Attachment.NONE);
  }

  /** Runs that the kernel skipped, for the program was running on that CPU already. */
  long recursionMisses() throws BpfException {
    long misses = 0;
    for (var program : programs()) {
      misses += BpfProgram.recursionMisses(object().program(program).fd());
    }
    return misses;
  }

  /** Puts processes that are missing into the process map, and followed bits where they are due. */
  void markProcesses() throws BpfException {
    try (var link = object().program(ITERATOR).attachIterator()) {
      for (int run = 0; run < MARKING_RUNS_MAX; run++) {
        if (link.iterate() == 0) {
          return;
        }
      }
    }
    LOG.warn("processes fork faster than they can be marked as followed: some may be missed");
  }

  private BpfObject object() {
    var object = loaded;
    if (object == null) {
      throw new IllegalStateException("not loaded");
    }
    return object;
  }

  private static long at(String limit) {
    return Structs.offset(Structs.PROCESS_LIMITS, limit);
  }

  @Override
  public void close() {
    if (loaded != null) {
      loaded.close();
    }
  }
}
