package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.events.BinaryProperties;
import dev.skep.events.ExecId;
import dev.skep.events.KernelText;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessFlag;
import dev.skep.events.TracedProcess;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** From records to what events say of a process. One thread. */
public final class ProcessNames {
  private static final int NO_LOGIN = -1;

  private final String node;
  private final LongUnaryOperator wallTime;
  private final ProcessDetails asked;
  private final ExecDetails details;

  /**
   * @param node the node's name, part of every exec id
   * @param wallTime from nanoseconds since boot to nanoseconds since 1970
   */
  public ProcessNames(
      String node, LongUnaryOperator wallTime, ProcessDetails asked, HostView host) {
    this.node = node;
    this.wallTime = wallTime;
    this.asked = asked;
    this.details = new ExecDetails(host);
  }

  /**
   * @param began when the program began, nanoseconds since boot
   */
  String execId(int pid, long began) {
    return ExecId.of(node, began, pid);
  }

  TracedProcess ofExec(Exec exec, long began, Set<ProcessFlag> how, String parentId) {
    var header = exec.header();
    return new TracedProcess(
        new ProcessFacts(
            execId(header.process().pid(), began),
            header.process().pid(),
            header.uid(),
            KernelText.of(exec.cwd()),
            KernelText.of(exec.path()),
            KernelText.arguments(exec.arguments()),
            ProcessFlag.words(flags(exec, how)),
            wallTime.applyAsLong(began),
            exec.loginUid(),
            parentId,
            exec.has(Exec.IN_INIT_TREE),
            asked.credentials() ? ExecDetails.capabilities(exec.credentials()) : null,
            asked.namespaces() ? details.namespaces(exec.namespaces()) : null,
            asked.credentials() ? details.credentials(exec) : null,
            asked.userNames() ? details.user(exec) : null,
            asked.environment()
                ? ExecDetails.environment(exec.environment(), asked.variables())
                : List.of()));
  }

  /** What is special about the program's file; null where nobody asks. */
  public @Nullable BinaryProperties binary(Exec exec) {
    return asked.credentials() ? ExecDetails.binary(exec) : null;
  }

  /**
   * @param runs the program that the child goes on running; null if it is not known
   */
  TracedProcess ofFork(KernelRecord.Fork fork, @Nullable TracedProcess runs, String parentId) {
    var key = fork.header().process();
    var flags = EnumSet.of(ProcessFlag.CLONE);
    if (fork.inInitTree()) {
      flags.add(ProcessFlag.IN_INIT_TREE);
    }
    if (runs == null) {
      flags.add(ProcessFlag.MISS);
      return bare(fork.header(), key.start(), "", flags, parentId, fork.inInitTree());
    }
    var same = runs.facts();
    return new TracedProcess(
        new ProcessFacts(
            execId(key.pid(), key.start()),
            key.pid(),
            fork.header().uid(),
            same.cwd(),
            same.binary(),
            same.arguments(),
            ProcessFlag.words(flags),
            wallTime.applyAsLong(key.start()),
            same.auid(),
            parentId,
            fork.inInitTree(),
            same.capabilities(),
            same.namespaces(),
            same.credentials(),
            same.uid() == fork.header().uid() ? same.user() : null,
            same.environment()));
  }

  TracedProcess ofMiss(KernelRecord.Header header, long began, String parentId) {
    return bare(header, began, "", EnumSet.of(ProcessFlag.MISS), parentId, null);
  }

  /** The parent of the first process. */
  TracedProcess kernel() {
    var header = new KernelRecord.Header(0, 0, new KernelRecord.ProcessKey(0, 0), 0, 0, 0, 0);
    return bare(header, 0, "<kernel>", EnumSet.of(ProcessFlag.PROC_FS), "", null);
  }

  private TracedProcess bare(
      KernelRecord.Header header,
      long began,
      String binary,
      Set<ProcessFlag> flags,
      String parentId,
      @Nullable Boolean inInitTree) {
    int pid = header.process().pid();
    return new TracedProcess(
        new ProcessFacts(
            execId(pid, began),
            pid,
            header.uid(),
            "",
            binary,
            "",
            ProcessFlag.words(flags),
            wallTime.applyAsLong(began),
            NO_LOGIN,
            parentId,
            inInitTree));
  }

  private Set<ProcessFlag> flags(Exec exec, Set<ProcessFlag> how) {
    var flags = EnumSet.copyOf(how);
    add(flags, exec, Exec.TRUNCATED_ARGUMENTS, ProcessFlag.TRUNC_ARGS);
    add(flags, exec, Exec.UNREADABLE_ARGUMENTS, ProcessFlag.ERROR_ARGS);
    add(flags, exec, Exec.TRUNCATED_PATH | Exec.UNREADABLE_PATH, ProcessFlag.ERROR_FILENAME);
    add(flags, exec, Exec.TRUNCATED_CWD | Exec.UNREADABLE_CWD, ProcessFlag.ERROR_CWD);
    add(flags, exec, Exec.ROOT_CWD, ProcessFlag.ROOT_CWD);
    if (exec.cwd().length == 0 && !exec.has(Exec.UNREADABLE_CWD)) {
      flags.add(ProcessFlag.NO_CWD); // a kernel thread
    }
    add(flags, exec, Exec.IN_INIT_TREE, ProcessFlag.IN_INIT_TREE);
    if (asked.environment()) {
      add(
          flags,
          exec,
          Exec.TRUNCATED_ENVIRONMENT | Exec.UNREADABLE_ENVIRONMENT,
          ProcessFlag.ERROR_ENVS);
    }
    return flags;
  }

  private static void add(Set<ProcessFlag> flags, Exec exec, int any, ProcessFlag flag) {
    if ((exec.flags() & any) != 0) {
      flags.add(flag);
    }
  }
}
