package dev.skep.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Action;
import dev.skep.bpf.KernelRecord.Argument;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Following;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.KernelRecord.Header;
import dev.skep.bpf.KernelRecord.ProcessKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Kernel records as short as tests like them. */
public final class Records {
  private static final int UID = 1000;

  private Records() {}

  public static ProcessKey key(int pid, long start) {
    return new ProcessKey(pid, start);
  }

  /** Of a process whose program the kernel does not know. */
  public static Header header(long time, ProcessKey process) {
    return header(time, process, 0);
  }

  /**
   * @param began when the program began that the process runs
   */
  public static Header header(long time, ProcessKey process, long began) {
    return new Header(0, time, process, began, 7, process.pid(), UID);
  }

  public static Fork fork(ProcessKey parent, ProcessKey child) {
    return fork(parent, 0, child);
  }

  /**
   * @param parentBegan when the program began that the parent runs
   */
  public static Fork fork(ProcessKey parent, long parentBegan, ProcessKey child) {
    return new Fork(
        header(child.start(), child, child.start()), parent, parentBegan, child.pid(), false);
  }

  /**
   * @param words the program and its arguments
   */
  public static Exec exec(long time, ProcessKey process, ProcessKey parent, String... words) {
    return exec(time, process, parent, 0, words);
  }

  /**
   * @param parentBegan when the program began that the parent ran when it made the process
   */
  public static Exec exec(
      long time, ProcessKey process, ProcessKey parent, long parentBegan, String... words) {
    return new Exec(
        header(time, process, time),
        parent,
        parentBegan,
        process.pid(),
        -1,
        0,
        words[0].getBytes(UTF_8),
        "/tmp".getBytes(UTF_8),
        (String.join("\0", words) + "\0").getBytes(UTF_8),
        new byte[0],
        KernelRecord.Credentials.NONE,
        KernelRecord.Namespaces.NONE,
        KernelRecord.Executable.NONE);
  }

  public static Exit exit(long time, ProcessKey process, int code) {
    return new Exit(header(time, process), code);
  }

  /** The same from another cgroup. */
  public static Exec in(long cgroup, Exec exec) {
    return new Exec(
        in(cgroup, exec.header()),
        exec.parent(),
        exec.parentBegan(),
        exec.namespacePid(),
        exec.loginUid(),
        exec.flags(),
        exec.path(),
        exec.cwd(),
        exec.arguments(),
        exec.environment(),
        exec.credentials(),
        exec.namespaces(),
        exec.executable());
  }

  public static Exit in(long cgroup, Exit exit) {
    return new Exit(in(cgroup, exit.header()), exit.code());
  }

  public static KernelRecord.Hook in(long cgroup, KernelRecord.Hook hook) {
    return new KernelRecord.Hook(
        in(cgroup, hook.header()),
        hook.policy(),
        hook.hook(),
        hook.version(),
        hook.point(),
        hook.function(),
        hook.selector(),
        hook.action(),
        hook.signal(),
        hook.following(),
        hook.arguments());
  }

  private static Header in(long cgroup, Header header) {
    return new Header(
        header.cpu(),
        header.time(),
        header.process(),
        header.began(),
        cgroup,
        header.tid(),
        header.uid());
  }

  public static KernelRecord.Hook hook(
      long time, ProcessKey process, Action action, int signal, Argument... arguments) {
    return hook(time, process, action, signal, Following.NOTHING, arguments);
  }

  public static KernelRecord.Hook hook(
      long time,
      ProcessKey process,
      Action action,
      int signal,
      Following following,
      Argument... arguments) {
    return new KernelRecord.Hook(
        header(time, process),
        "uid-1",
        0,
        1,
        1,
        "",
        0,
        action,
        signal,
        following,
        List.of(arguments));
  }

  /** At one of the points of its hook. */
  public static KernelRecord.Hook at(int point, String function, long time, ProcessKey process) {
    return new KernelRecord.Hook(
        header(time, process),
        "uid-1",
        0,
        1,
        point,
        function,
        0,
        Action.SIGNAL,
        9,
        Following.NOTHING,
        List.of());
  }

  public static KernelRecord.Return returned(long entry, ProcessKey process, long value) {
    return returned(entry, process, value, Action.POST, 0);
  }

  /**
   * @param action null: the call is not to be told
   */
  public static KernelRecord.Return returned(
      long entry, ProcessKey process, long value, @Nullable Action action, int signal) {
    return new KernelRecord.Return(
        header(entry + 5, process), "uid-1", 0, 1, entry, value, 0, action, signal);
  }

  public static Argument fd(int number, String path) {
    return new Argument(ArgumentKind.FD, 0, false, false, number, path.getBytes(UTF_8));
  }

  public static Argument number(ArgumentKind kind, long value) {
    return new Argument(kind, 1, false, false, value, new byte[0]);
  }

  public static Argument buffer(String begin, long size) {
    var bytes = begin.getBytes(UTF_8);
    return new Argument(ArgumentKind.CHAR_BUF, 1, bytes.length < size, false, size, bytes);
  }

  public static Argument unreadable(ArgumentKind kind) {
    return new Argument(kind, 0, false, true, 9, new byte[0]);
  }
}
