package dev.skep.agent.process;

import dev.skep.agent.process.CachedProcess.Program;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.ProcessFlag;
import dev.skep.events.TracedProcess;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The programs that run and those that something still refers to, as the kernel's records tell of
 * them. Records may be missing (the ring was full, a cgroup is throttled) or come late: each says
 * by process and beginning which program it means, so that one that is not known is found out or
 * made of what the record has, and one that is known already is not made twice.
 *
 * <p>Bounded: where it gets too large, those that ended go first, then those that nothing was heard
 * of for longest. One thread, but for the counters.
 */
public final class ProcessCache {
  /**
   * Ended ones that are kept for records that come late: by some microseconds. The collector of
   * garbage copies them all each time, so that 1,024 took a sixth of the agent's work.
   */
  private static final int RECENT = 256;

  /** How many that nothing was heard of for long are looked at for one without children. */
  private static final int CANDIDATES = 8;

  private static final ProcessKey KERNEL = new ProcessKey(0, 0);

  /**
   * @param processes at most
   * @param bytes an estimate of what they take, at most
   */
  public record Limits(int processes, long bytes) {}

  private final ProcessNames names;
  private final Limits limits;
  private final Inquiry inquiry;
  private final Containers containers;

  /** By pid, the one that was heard of last at the end. */
  private final LinkedHashMap<Integer, CachedProcess> open = new LinkedHashMap<>(1024, 0.75f, true);

  private final Map<Program, CachedProcess> closed = new HashMap<>();
  private final ArrayDeque<CachedProcess> recent = new ArrayDeque<>();
  private int kept;
  private long bytes;
  private final AtomicLong misses = new AtomicLong();
  private final AtomicLong evictions = new AtomicLong();

  /**
   * @param kernel asked about processes whose records are missing, seldom enough
   */
  public ProcessCache(
      ProcessNames names, Limits limits, AliveProcesses kernel, Containers containers) {
    this.names = names;
    this.limits = limits;
    this.inquiry = new Inquiry(kernel);
    this.containers = containers;
  }

  /** A process that was there before the agent, oldest first. */
  public CachedProcess existing(Exec exec) {
    return seen(exec, PROC_FS);
  }

  /** A child runs its parent's program until it says otherwise. */
  public CachedProcess forked(KernelRecord.Fork fork) {
    var key = fork.header().process();
    var now = open.get(key.pid());
    if (now != null && now.key().start() >= key.start()) {
      return now; // late, or it was forked while the processes that are there were being read
    }
    var parent = parent(fork.parent(), fork.parentBegan(), fork.header().time());
    if (parent == null) {
      misses.incrementAndGet();
    }
    var parentId = idOf(parent, fork.parent(), fork.parentBegan());
    var runs = parent == null ? null : parent.traced();
    var child = new CachedProcess(key, parent, () -> names.ofFork(fork, runs, parentId));
    return located(opened(child), fork.header());
  }

  /**
   * The process runs another program from now on: a new entry with the parent of the old, which is
   * closed.
   */
  public CachedProcess executed(Exec exec) {
    var header = exec.header();
    var key = header.process();
    long began = header.time();
    var now = open.get(key.pid());
    if (isOver(key, began, now) || find(key, began) != null) {
      return located(executedBefore(exec), header);
    }
    var old = now != null && now.is(key) ? now : null;
    int flags = EXECVE;
    if (old == null) {
      misses.incrementAndGet();
      flags |= FlagWords.bit(ProcessFlag.MISS);
    } else if (old.awaitsExec()) {
      flags |= FlagWords.bit(ProcessFlag.CLONE);
    }
    var parent = old == null ? null : old.parent();
    if (parent == null) {
      parent = parent(exec.parent(), exec.parentBegan(), header.time());
    }
    var process = new CachedProcess(key, began, parent, exec(exec, began, flags, parent));
    return located(opened(process), header);
  }

  /** The record is late: what it tells of was heard of, or is over. */
  private CachedProcess executedBefore(Exec exec) {
    var header = exec.header();
    var known = find(header.process(), header.time());
    var parent =
        known != null && known.parent() != null
            ? known.parent()
            : find(exec.parent(), exec.parentBegan());
    var facts = exec(exec, header.time(), EXECVE, parent);
    if (known == null) {
      return new CachedProcess(header.process(), header.time(), parent, facts);
    }
    bytes -= known.bytes();
    known.learn(facts);
    bytes += known.measure();
    return known;
  }

  /** Whose record this is. */
  public CachedProcess of(KernelRecord.Header header) {
    var known = find(header.process(), header.began());
    return located(known != null ? known : missed(header, true), header);
  }

  /** Whose exit this is; {@link #ended} follows once it is told, since that tells the parent. */
  public CachedProcess exiting(KernelRecord.Header header) {
    var known = find(header.process(), header.began());
    return located(known != null ? known : missed(header, false), header);
  }

  /** Whatever the process ran is over. */
  public void ended(ProcessKey key) {
    var now = open.get(key.pid());
    if (now != null && now.runs(key, 0)) {
      open.remove(key.pid());
      closed(now);
    }
  }

  /** An event that waits refers to the process until {@link #letGo}. */
  public void hold(CachedProcess process) {
    process.use();
  }

  public void letGo(CachedProcess process) {
    process.unuse();
    unkeep(process);
  }

  /** Lets go of what has ended and nothing refers to: its late records have come by now. */
  public void forgetEnded() {
    while (!recent.isEmpty()) {
      unkeep(recent.removeFirst());
    }
  }

  /** Records whose process or parent was not known. Any thread. */
  public long misses() {
    return misses.get();
  }

  /** Open ones that had to be forgotten. Any thread. */
  public long evictions() {
    return evictions.get();
  }

  /** Entries, those included that ended and are still referred to. */
  int size() {
    return kept;
  }

  long bytes() {
    return bytes;
  }

  /**
   * Its exec or its fork was not heard of. Where its process is alive the kernel is asked, else
   * what the record itself says is all there is.
   */
  private CachedProcess missed(KernelRecord.Header header, boolean alive) {
    misses.incrementAndGet();
    var key = header.process();
    long began = began(key, header.began());
    var now = open.get(key.pid());
    if (isOver(key, began, now)) {
      // Late, and forgotten: told with what the record has, but nothing may refer to it.
      return new CachedProcess(key, began, null, names.ofMiss(header, began, ""));
    }
    var seen = alive ? inquiry.about(key, header.began(), header.time()) : null;
    if (seen != null) {
      return seen(seen, FOUND);
    }
    var parent = now != null && now.is(key) ? now.parent() : null;
    var parentId = parent == null ? "" : parent.traced().facts().execId();
    return opened(new CachedProcess(key, began, parent, names.ofMiss(header, began, parentId)));
  }

  /** What the kernel says of a process that is alive. */
  private CachedProcess seen(Exec exec, int flags) {
    var key = exec.header().process();
    long began = began(key, exec.header().began());
    var parent = parentKnown(exec.parent(), exec.parentBegan());
    var process = new CachedProcess(key, began, parent, exec(exec, began, flags, parent));
    return located(opened(process), exec.header());
  }

  /**
   * When a program began, as far as anybody knows.
   *
   * @param began as a record says it, 0 if the kernel's process map did not have it
   */
  private static long began(ProcessKey key, long began) {
    return began == 0 ? key.start() : began;
  }

  private @Nullable CachedProcess parent(ProcessKey key, long began, long time) {
    var known = parentKnown(key, began);
    if (known != null) {
      return known;
    }
    if (isOver(key, began, open.get(key.pid()))) {
      return null; // the kernel would tell of what came after it
    }
    var seen = inquiry.about(key, began, time);
    return seen == null ? null : seen(seen, FOUND);
  }

  private @Nullable CachedProcess parentKnown(ProcessKey key, long began) {
    if (key.pid() == 0) {
      var kernel = open.get(0);
      return kernel != null ? kernel : opened(new CachedProcess(KERNEL, 0, null, names.kernel()));
    }
    return find(key, began);
  }

  /**
   * Whether the program is not what its process, or what its pid, stands for any more.
   *
   * @param now what the pid stands for
   */
  private static boolean isOver(ProcessKey key, long began, @Nullable CachedProcess now) {
    return now != null
        && (now.is(key) ? now.program().began() > began : now.key().start() > key.start());
  }

  private @Nullable CachedProcess find(ProcessKey key, long began) {
    var now = open.get(key.pid());
    if (now != null && now.runs(key, began)) {
      return now;
    }
    var before = closed.isEmpty() ? null : closed.get(new Program(key.pid(), began(key, began)));
    return before != null && before.runs(key, began) ? before : null;
  }

  /** A process that is moved to another cgroup is known to be there from its next record on. */
  private CachedProcess located(CachedProcess process, KernelRecord.Header header) {
    if (process.cgroup() != header.cgroup()) {
      process.moved(header.cgroup(), containers.of(header.cgroup()));
    }
    return process;
  }

  private CachedProcess opened(CachedProcess process) {
    process.keep();
    process.setKept(true);
    if (process.parent() != null) {
      process.parent().use();
    }
    kept++;
    bytes += process.measure();
    var before = open.put(process.key().pid(), process);
    if (before != null) {
      closed(before);
    }
    shrink();
    return process;
  }

  /** It keeps being kept: by the list of recent ones from now on. */
  private void closed(CachedProcess process) {
    process.close();
    closed.put(process.program(), process);
    recent.addLast(process);
    if (process.isReferredTo()) {
      cutLine(process);
    }
    if (recent.size() > RECENT) {
      unkeep(recent.removeFirst());
    }
  }

  /** A line of daemons, each started by one that is gone, must not be kept back to its first. */
  private void cutLine(CachedProcess process) {
    var at = process;
    for (int i = 0; i < CachedProcess.ANCESTORS; i++) {
      var parent = at.parent();
      if (parent == null || parent.isOpen()) {
        return;
      }
      at = parent;
    }
    var cut = at.orphan();
    if (cut != null) {
      unkeep(cut);
    }
  }

  private void unkeep(CachedProcess process) {
    for (@Nullable CachedProcess at = process; at != null && at.unkeep(); at = at.orphan()) {
      if (!at.isKept()) {
        return; // of a late record: its parent does not know it
      }
      at.setKept(false);
      closed.remove(at.program(), at);
      kept--;
      bytes -= at.bytes();
    }
  }

  private void shrink() {
    while (kept > limits.processes() || bytes > limits.bytes()) {
      if (!recent.isEmpty()) {
        unkeep(recent.removeFirst());
      } else if (open.size() > 1) {
        evict();
      } else {
        return;
      }
    }
  }

  /** Of those that nothing was heard of for longest the first without children, else the first. */
  private void evict() {
    int looked = 0;
    CachedProcess least = null;
    for (var candidate : open.values()) {
      if (least == null || !candidate.isReferredTo()) {
        least = candidate;
      }
      looked++;
      if (!candidate.isReferredTo() || looked == Math.min(CANDIDATES, open.size() - 1)) {
        break;
      }
    }
    if (least != null) {
      open.remove(least.key().pid());
      evictions.incrementAndGet();
      least.close();
      closed.put(least.program(), least);
      unkeep(least);
    }
  }

  private TracedProcess exec(Exec exec, long began, int flags, @Nullable CachedProcess parent) {
    return names.ofExec(exec, began, flags, idOf(parent, exec.parent(), exec.parentBegan()));
  }

  /** Right even if nothing else of the parent is known. */
  private String idOf(@Nullable CachedProcess parent, ProcessKey key, long began) {
    if (parent != null) {
      return parent.traced().facts().execId();
    }
    return began == 0 && key.pid() != 0 ? "" : names.execId(key.pid(), began);
  }

  private static final int EXECVE = FlagWords.bit(ProcessFlag.EXECVE);
  private static final int PROC_FS = FlagWords.bit(ProcessFlag.PROC_FS);
  private static final int FOUND = PROC_FS | FlagWords.bit(ProcessFlag.MISS);
}
