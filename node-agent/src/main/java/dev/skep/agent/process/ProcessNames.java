package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.events.BinaryProperties;
import dev.skep.events.ExecId;
import dev.skep.events.KernelText;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessFlag;
import dev.skep.events.TracedProcess;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** From records to what events say of a process. One thread. */
public final class ProcessNames {
  private static final int NO_LOGIN = -1;

  private final String node;
  private final LongUnaryOperator wallTime;
  private final ProcessDetails asked;
  private final ExecDetails details;
  private final FlagWords words = new FlagWords();

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

  /**
   * @param how it came to be known, bits of {@link FlagWords}
   */
  TracedProcess ofExec(Exec exec, long began, int how, String parentId) {
    var header = exec.header();
    return new TracedProcess(
        new ProcessFacts(
            execId(header.process().pid(), began),
            header.process().pid(),
            header.uid(),
            KernelText.of(exec.cwd()),
            KernelText.of(exec.path()),
            KernelText.arguments(exec.arguments()),
            flags(exec, how),
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
                : List.of(),
            exec.namespacePid(),
            calledAs(exec)));
  }

  /** Empty where it says no more than the path does. */
  private static String calledAs(Exec exec) {
    var words = exec.arguments();
    int end = 0;
    while (end < words.length && words[end] != 0) {
      end++;
    }
    int from = end;
    while (from > 0 && words[from - 1] != '/') {
      from--;
    }
    var path = exec.path();
    int at = path.length - (end - from);
    boolean same =
        Arrays.equals(words, from, end, path, Math.max(0, at), path.length)
            && (at == 0 || path[at - 1] == '/');
    return same ? "" : KernelText.of(words, from, end - from);
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
    int flags =
        FlagWords.bit(ProcessFlag.CLONE)
            | (fork.inInitTree() ? FlagWords.bit(ProcessFlag.IN_INIT_TREE) : 0);
    if (runs == null) {
      int missed = flags | FlagWords.bit(ProcessFlag.MISS);
      return bare(fork.header(), key.start(), "", missed, parentId, fork.inInitTree());
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
            words.of(flags),
            wallTime.applyAsLong(key.start()),
            same.auid(),
            parentId,
            fork.inInitTree(),
            same.capabilities(),
            same.namespaces(),
            same.credentials(),
            same.uid() == fork.header().uid() ? same.user() : null,
            same.environment(),
            fork.namespacePid(),
            same.calledAs()));
  }

  TracedProcess ofMiss(KernelRecord.Header header, long began, String parentId) {
    return bare(header, began, "", FlagWords.bit(ProcessFlag.MISS), parentId, null);
  }

  /** The parent of the first process. */
  TracedProcess kernel() {
    var header = new KernelRecord.Header(0, 0, new KernelRecord.ProcessKey(0, 0), 0, 0, 0, 0);
    return bare(header, 0, "<kernel>", FlagWords.bit(ProcessFlag.PROC_FS), "", null);
  }

  private TracedProcess bare(
      KernelRecord.Header header,
      long began,
      String binary,
      int flags,
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
            words.of(flags),
            wallTime.applyAsLong(began),
            NO_LOGIN,
            parentId,
            inInitTree));
  }

  /**
   * @param how bits, see {@link FlagWords}
   */
  private String flags(Exec exec, int how) {
    int flags =
        how
            | bit(exec, Exec.TRUNCATED_ARGUMENTS, ProcessFlag.TRUNC_ARGS)
            | bit(exec, Exec.UNREADABLE_ARGUMENTS, ProcessFlag.ERROR_ARGS)
            | bit(exec, Exec.TRUNCATED_PATH | Exec.UNREADABLE_PATH, ProcessFlag.ERROR_FILENAME)
            | bit(exec, Exec.TRUNCATED_CWD | Exec.UNREADABLE_CWD, ProcessFlag.ERROR_CWD)
            | bit(exec, Exec.ROOT_CWD, ProcessFlag.ROOT_CWD)
            | bit(exec, Exec.IN_INIT_TREE, ProcessFlag.IN_INIT_TREE);
    if (exec.cwd().length == 0 && !exec.has(Exec.UNREADABLE_CWD)) {
      flags |= FlagWords.bit(ProcessFlag.NO_CWD); // a kernel thread
    }
    if (asked.environment()) {
      flags |=
          bit(
              exec,
              Exec.TRUNCATED_ENVIRONMENT | Exec.UNREADABLE_ENVIRONMENT,
              ProcessFlag.ERROR_ENVS);
    }
    return words.of(flags);
  }

  private static int bit(Exec exec, int any, ProcessFlag flag) {
    return (exec.flags() & any) != 0 ? FlagWords.bit(flag) : 0;
  }
}
