package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.ProcessFlag;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The processes that are alive, by pid, as the kernel's records tell of them. Bounded: where the
 * exits of many processes were lost, those that nothing was heard of for longest go first. One
 * thread.
 */
public final class ProcessCache {
  private final ProcessNames names;
  private final LinkedHashMap<Integer, CachedProcess> alive;
  private final AtomicLong misses = new AtomicLong();
  private long evictions;

  /**
   * @param capacity processes; a node has some hundred, its kernel map holds 32,768
   */
  public ProcessCache(ProcessNames names, int capacity) {
    this.names = names;
    this.alive =
        new LinkedHashMap<>(1024, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Integer, CachedProcess> eldest) {
            if (size() <= capacity) {
              return false;
            }
            eldest.getValue().end();
            evictions++;
            return true;
          }
        };
  }

  /** A process that was there before the agent, oldest first. */
  public CachedProcess existing(Exec exec) {
    var parent = find(exec.parent());
    if (parent == null && exec.parent().pid() == 0) {
      parent = put(new CachedProcess(KERNEL, names.kernel(), false, null));
    }
    var facts = names.ofExec(exec, exec.header().process().start(), PROC_FS, idOf(parent));
    return put(new CachedProcess(exec.header().process(), facts, false, parent));
  }

  /** A child runs its parent's program until it says otherwise. */
  public CachedProcess forked(KernelRecord.Fork fork) {
    var key = fork.header().process();
    var known = find(key);
    if (known != null) {
      return known; // it was forked while the processes that are there were being read
    }
    var parent = find(fork.parent());
    if (parent == null) {
      misses.incrementAndGet();
    }
    return put(new CachedProcess(key, names.ofFork(fork, parent), true, parent));
  }

  /** The same process runs another program: that is a new one with the parent of the old. */
  public CachedProcess executed(Exec exec) {
    var key = exec.header().process();
    var old = find(key);
    Set<ProcessFlag> flags = EnumSet.of(ProcessFlag.EXECVE);
    CachedProcess parent;
    if (old == null) {
      misses.incrementAndGet();
      flags.add(ProcessFlag.MISS);
      parent = find(exec.parent());
    } else {
      parent = old.parent();
      if (old.awaitsExec()) {
        flags.add(ProcessFlag.CLONE);
      }
    }
    var facts = names.ofExec(exec, exec.header().time(), flags, idOf(parent));
    return put(new CachedProcess(key, facts, false, parent));
  }

  /**
   * Whose record this is. Where its fork and exec were lost, what the record itself says is all
   * there is.
   */
  public CachedProcess of(KernelRecord.Header header) {
    var known = find(header.process());
    if (known != null) {
      return known;
    }
    misses.incrementAndGet();
    return put(new CachedProcess(header.process(), names.ofMiss(header), false, null));
  }

  /** The process has ended; to be called after its exit was told, since that tells the parent. */
  public void ended(CachedProcess process) {
    var there = alive.get(process.key().pid());
    if (there == process) {
      alive.remove(process.key().pid());
      process.end();
    }
  }

  /** Records whose process or parent was not known. Any thread. */
  public long misses() {
    return misses.get();
  }

  public long evictions() {
    return evictions;
  }

  public int size() {
    return alive.size();
  }

  private @Nullable CachedProcess find(ProcessKey key) {
    var process = alive.get(key.pid());
    return process != null && process.key().start() == key.start() ? process : null;
  }

  private CachedProcess put(CachedProcess process) {
    var before = alive.put(process.key().pid(), process);
    if (before != null) {
      before.end();
    }
    return process;
  }

  private static String idOf(@Nullable CachedProcess parent) {
    return parent == null ? "" : parent.traced().facts().execId();
  }

  private static final ProcessKey KERNEL = new ProcessKey(0, 0);
  private static final Set<ProcessFlag> PROC_FS = Set.of(ProcessFlag.PROC_FS);
}
