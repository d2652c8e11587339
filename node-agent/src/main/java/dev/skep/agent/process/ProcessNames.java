package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.events.ExecId;
import dev.skep.events.KernelText;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessFlag;
import dev.skep.events.TracedProcess;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** From records to what events say of a process. */
public final class ProcessNames {
  private static final int NO_LOGIN = -1;

  private final String node;
  private final LongUnaryOperator wallTime;

  /**
   * @param node the node's name, part of every exec id
   * @param wallTime from nanoseconds since boot to nanoseconds since 1970
   */
  public ProcessNames(String node, LongUnaryOperator wallTime) {
    this.node = node;
    this.wallTime = wallTime;
  }

  /**
   * @param began when the program began, nanoseconds since boot
   */
  TracedProcess ofExec(Exec exec, long began, Set<ProcessFlag> how, String parentId) {
    var header = exec.header();
    var flags = EnumSet.copyOf(how);
    add(flags, exec.flags(), Exec.TRUNCATED_ARGUMENTS, ProcessFlag.TRUNC_ARGS);
    add(flags, exec.flags(), Exec.UNREADABLE_ARGUMENTS, ProcessFlag.ERROR_ARGS);
    add(
        flags,
        exec.flags(),
        Exec.TRUNCATED_PATH | Exec.UNREADABLE_PATH,
        ProcessFlag.ERROR_FILENAME);
    add(flags, exec.flags(), Exec.TRUNCATED_CWD | Exec.UNREADABLE_CWD, ProcessFlag.ERROR_CWD);
    add(flags, exec.flags(), Exec.ROOT_CWD, ProcessFlag.ROOT_CWD);
    return new TracedProcess(
        new ProcessFacts(
            ExecId.of(node, began, header.process().pid()),
            header.process().pid(),
            header.uid(),
            text(exec.cwd()),
            text(exec.path()),
            KernelText.arguments(exec.arguments()),
            ProcessFlag.words(flags),
            wallTime.applyAsLong(began),
            exec.loginUid(),
            parentId,
            null));
  }

  TracedProcess ofFork(KernelRecord.Fork fork, @Nullable CachedProcess parent) {
    var key = fork.header().process();
    var of = parent == null ? null : parent.traced().facts();
    return new TracedProcess(
        new ProcessFacts(
            ExecId.of(node, key.start(), key.pid()),
            key.pid(),
            fork.header().uid(),
            of == null ? "" : of.cwd(),
            of == null ? "" : of.binary(),
            of == null ? "" : of.arguments(),
            ProcessFlag.words(
                of == null
                    ? EnumSet.of(ProcessFlag.CLONE, ProcessFlag.MISS)
                    : EnumSet.of(ProcessFlag.CLONE)),
            wallTime.applyAsLong(key.start()),
            of == null ? NO_LOGIN : of.auid(),
            of == null ? "" : of.execId(),
            null));
  }

  TracedProcess ofMiss(KernelRecord.Header header) {
    return bare(header.process(), header.uid(), "", ProcessFlag.MISS);
  }

  /** The parent of the first process. */
  TracedProcess kernel() {
    return bare(new ProcessKey(0, 0), 0, "<kernel>", ProcessFlag.PROC_FS);
  }

  private TracedProcess bare(ProcessKey key, int uid, String binary, ProcessFlag flag) {
    return new TracedProcess(
        new ProcessFacts(
            ExecId.of(node, key.start(), key.pid()),
            key.pid(),
            uid,
            "",
            binary,
            "",
            ProcessFlag.words(EnumSet.of(flag)),
            wallTime.applyAsLong(key.start()),
            NO_LOGIN,
            "",
            null));
  }

  private static void add(Set<ProcessFlag> flags, int bits, int mask, ProcessFlag flag) {
    if ((bits & mask) != 0) {
      flags.add(flag);
    }
  }

  private static String text(byte[] bytes) {
    return KernelText.of(bytes, 0, bytes.length);
  }
}
