package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.ProcessHooks;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.ring.RecordDecoder;
import dev.skep.bpf.ring.RingReader;
import dev.skep.bpf.ring.RingShares;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's kernel through pins below one folder. All but the ring is behind this object's lock: a
 * question waits while a policy is loaded (some 20 ms of CPU a hook), and none is asked of a closed
 * descriptor, which may be another file's by then.
 */
final class PinnedKernel implements SkepKernel {
  private static final Logger LOG = LoggerFactory.getLogger(PinnedKernel.class);

  private final Folder folder;
  private final Deque<AutoCloseable> owned;
  private final Sensors sensors;
  private final Policies policies;
  private final Counters counters;
  private final ProcessTable processes;
  private final Throttles throttles;
  private final RecordDecoder decoder;
  private final RingReader ring;

  /** Runs of programs that the kernel had passed over when processes were last looked at. */
  private long lastSkipped;

  private PinnedKernel(
      Folder folder,
      Deque<AutoCloseable> owned,
      Sensors sensors,
      Policies policies,
      Counters counters,
      ProcessTable processes,
      Throttles throttles,
      RecordDecoder decoder,
      RingReader ring) {
    this.folder = folder;
    this.owned = owned;
    this.sensors = sensors;
    this.policies = policies;
    this.counters = counters;
    this.processes = processes;
    this.throttles = throttles;
    this.decoder = decoder;
    this.ring = ring;
  }

  /**
   * What is open already is closed again if it fails; what an earlier agent pinned stays.
   *
   * @param policyObject the object file that hooks' programs are made of
   */
  static PinnedKernel open(KernelOptions options, byte[] policyObject) throws BpfException {
    Host.requireCapabilities();
    Host.requireKernel();
    Host.requireKernelTypes();
    var folder = new Folder(options.folder());
    var owned = new ArrayDeque<AutoCloseable>();
    try {
      owned.push(FolderLock.take(options.folder()));
      Host.makeFolder(options.folder());
      return open(folder, options, policyObject, owned);
    } catch (BpfException | RuntimeException e) {
      closeAll(owned);
      throw e;
    }
  }

  private static PinnedKernel open(
      Folder folder, KernelOptions options, byte[] policyObject, Deque<AutoCloseable> owned)
      throws BpfException {
    folder.removeOld(); // of an agent that ended in the middle of what follows
    var processOptions = options.processes();
    BpfObject syscalls = Programs.SYSCALLS.open();
    owned.push(syscalls);
    var maps = new NodeMaps(folder, options, NodeView.find());
    owned.push(maps);
    boolean inherited = takeOver(folder, maps, processOptions, syscalls);
    if (!inherited) {
      if (folder.hasMaps()) {
        LOG.warn(
            "{} is of another version, or other sizes or process hooks are wanted:"
                + " what an earlier agent left there ends now",
            folder.root());
      }
      folder.moveAside();
      folder.makeMaps();
    }
    int active = inherited ? Sensors.active(maps) : 0;
    if (inherited) {
      folder.removeLinksBut(active); // attached by an agent that ended before they were active
    }

    var base = new BaseSensor(folder, maps, processOptions, active + 1);
    var dispatch = Dispatch.choose(options.dispatch(), inherited ? folder.programs() : List.of());
    var sensors = new Sensors(folder, maps, base, syscalls, dispatch, active + 1);
    owned.push(sensors);
    sensors.load();
    maps.markComplete();
    var counters = new Counters(maps);
    counters.prepare();
    var owners = new Owners();
    var policies = new Policies(maps, sensors, counters, owners, policyObject);
    owned.push(policies);
    if (inherited) {
      policies.recover();
    }
    var shares = new RingShares(maps.get("ring_read"));
    owned.push(shares);
    var decoder = new RecordDecoder(owners, sensors.places()::lastName, shares);
    var ring = new RingReader(maps.get(NodeMaps.RING), decoder);
    owned.push(ring);
    try {
      sensors.attach(policies.bits());
      sensors.activate();
    } catch (BpfException e) {
      sensors.detach();
      throw e;
    }
    folder.removeOld();
    sensors.markProcesses();
    return new PinnedKernel(
        folder,
        owned,
        sensors,
        policies,
        counters,
        new ProcessTable(maps, processOptions),
        new Throttles(maps, processOptions.throttle()),
        decoder,
        ring);
  }

  private static boolean takeOver(
      Folder folder, NodeMaps maps, ProcessOptions options, BpfObject syscalls)
      throws BpfException {
    if (!folder.hasMaps() || !BaseSensor.canFollow(folder.programs(), options)) {
      return false;
    }
    try (var base = Programs.base().open()) {
      return maps.takeOver(List.of(base, syscalls));
    }
  }

  @Override
  public synchronized void apply(PolicyPlan plan, PolicyTotals seed) throws BpfException {
    requireOpen();
    Programs.requireDispatch(KernelVersion.running());
    policies.apply(plan, seed);
  }

  @Override
  public synchronized void remove(String uid) throws BpfException {
    requireOpen();
    policies.remove(uid);
  }

  @Override
  public synchronized void cover(long cgroup, Set<String> uids) throws BpfException {
    requireOpen();
    policies.covers().cover(cgroup, uids);
  }

  @Override
  public synchronized void uncover(long cgroup) throws BpfException {
    requireOpen();
    policies.covers().uncover(cgroup);
  }

  @Override
  public synchronized void coverOthers(Set<String> uids) throws BpfException {
    requireOpen();
    policies.covers().coverOthers(uids);
  }

  @Override
  public synchronized Map<String, HeldPolicy> policies() throws BpfException {
    requireOpen();
    return policies.held();
  }

  @Override
  public synchronized PolicyTotals totals(String uid) throws BpfException {
    requireOpen();
    return policies.totals(uid);
  }

  @Override
  public synchronized long memory(String uid) throws BpfException {
    requireOpen();
    return policies.memory(uid);
  }

  @Override
  public synchronized ProcessTotals processTotals() throws BpfException {
    requireOpen();
    return counters.processes();
  }

  @Override
  public synchronized ProcessTotals processTotals(long cgroup) throws BpfException {
    requireOpen();
    return counters.processes(cgroup);
  }

  @Override
  public synchronized Map<String, Long> drops() throws BpfException {
    requireOpen();
    var drops = new LinkedHashMap<>(counters.drops());
    drops.put("recursion", sensors.recursionMisses());
    drops.put("decode", decoder.malformed());
    drops.put("ownerless", decoder.ownerless());
    return drops;
  }

  @Override
  public synchronized List<KernelRecord.Exec> processes() throws BpfException {
    requireOpen();
    return processes.alive();
  }

  @Override
  public synchronized Optional<KernelRecord.Exec> process(int pid) throws BpfException {
    requireOpen();
    return processes.one(pid);
  }

  @Override
  public ProcessHooks processHooks() {
    return sensors.processHooks();
  }

  @Override
  public synchronized ProcessMapStatistics processMap() throws BpfException {
    requireOpen();
    return processes.statistics();
  }

  @Override
  public synchronized List<ThrottleEnd> endThrottles() throws BpfException {
    requireOpen();
    return throttles.end();
  }

  @Override
  public synchronized void findMissed() throws BpfException {
    requireOpen();
    long skipped = sensors.recursionMisses();
    if (skipped > lastSkipped) {
      sensors.markProcesses();
      lastSkipped = skipped;
    }
  }

  @Override
  public List<Cgroup> cgroups() throws BpfException {
    return Cgroups.tree();
  }

  @Override
  public Optional<String> cgroupPath(long cgroup) throws BpfException {
    return Cgroups.path(cgroup);
  }

  @Override
  public void consume(Consumer consumer) {
    try {
      ring.consume(consumer);
    } catch (BpfException e) {
      throw new IllegalStateException("reading the ring failed", e);
    }
  }

  @Override
  public String folder() {
    return folder.root().toString();
  }

  /** The consumer may ask something before it ends, so it is not awaited under the lock. */
  @Override
  public void close() {
    ring.close();
    synchronized (this) {
      closeAll(owned);
    }
  }

  @Override
  public void detach() throws BpfException {
    synchronized (this) {
      requireOpen();
      folder.removeAll();
    }
    close();
  }

  private void requireOpen() throws BpfException {
    if (owned.isEmpty()) {
      throw new BpfException("kernel", 0, folder.root() + " is closed");
    }
  }

  /** The last opened first. */
  private static void closeAll(Deque<AutoCloseable> owned) {
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new AssertionError("nothing here has a close() that fails", e);
      }
    }
  }
}
