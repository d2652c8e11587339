package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.events.BinaryProperties;
import dev.skep.events.Capabilities;
import dev.skep.events.Credentials;
import dev.skep.events.EnvironmentVariable;
import dev.skep.events.FileProperties;
import dev.skep.events.KernelText;
import dev.skep.events.Namespace;
import dev.skep.events.Namespaces;
import dev.skep.events.PrivilegesChanged;
import dev.skep.events.UserNamespace;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** From a record to those parts of a process that are told on demand. One thread. */
final class ExecDetails {
  private static final int NONE = -1;

  private final HostView host;

  /** Most processes are in the namespaces of the one before. */
  private KernelRecord.Namespaces last = KernelRecord.Namespaces.NONE;

  private @Nullable Namespaces lastTold;

  ExecDetails(HostView host) {
    this.host = host;
  }

  static Capabilities capabilities(KernelRecord.Credentials of) {
    return new Capabilities(of.permitted(), of.effective(), of.inheritable());
  }

  Credentials credentials(Exec exec) {
    var of = exec.credentials();
    return new Credentials(
        of.uid(),
        of.gid(),
        of.euid(),
        of.egid(),
        of.suid(),
        of.sgid(),
        of.fsuid(),
        of.fsgid(),
        of.secureBits(),
        capabilities(of),
        new UserNamespace(
            of.userLevel(),
            of.userOwner(),
            of.userGroup(),
            namespace(exec.namespaces().user(), host.namespaces().user())));
  }

  Namespaces namespaces(KernelRecord.Namespaces of) {
    var told = lastTold;
    if (told == null || !of.equals(last)) {
      var ours = host.namespaces();
      told =
          new Namespaces(
              namespace(of.uts(), ours.uts()),
              namespace(of.ipc(), ours.ipc()),
              namespace(of.mnt(), ours.mnt()),
              namespace(of.pid(), ours.pid()),
              namespace(of.pidForChildren(), ours.pidForChildren()),
              namespace(of.net(), ours.net()),
              namespace(of.time(), ours.time()),
              namespace(of.timeForChildren(), ours.timeForChildren()),
              namespace(of.cgroup(), ours.cgroup()),
              namespace(of.user(), ours.user()));
      last = of;
      lastTold = told;
    }
    return told;
  }

  /** Null in other namespaces, where the number may be somebody else. */
  @Nullable String user(Exec exec) {
    var ours = host.namespaces();
    var of = exec.namespaces();
    return of.user() == ours.user() && of.mnt() == ours.mnt() && of.user() != 0
        ? host.userName(exec.header().uid())
        : null;
  }

  /**
   * @param only names; empty: all
   */
  static List<EnvironmentVariable> environment(byte[] texts, Set<String> only) {
    var variables = new ArrayList<EnvironmentVariable>();
    int from = 0;
    for (int at = 0; at <= texts.length; at++) {
      if (at == texts.length || texts[at] == 0) {
        if (at > from) {
          var text = KernelText.of(texts, from, at - from);
          int equals = text.indexOf('=', 1); // a name is never empty
          var key = equals < 0 ? text : text.substring(0, equals);
          if (only.isEmpty() || only.contains(key)) {
            variables.add(
                new EnvironmentVariable(key, equals < 0 ? "" : text.substring(equals + 1)));
          }
        }
        from = at + 1;
      }
    }
    return variables;
  }

  /** Null where nothing is special. */
  static @Nullable BinaryProperties binary(Exec exec) {
    var file = exec.executable();
    var raised = EnumSet.noneOf(PrivilegesChanged.class);
    add(raised, exec, Exec.RAISED_BY_FILE_CAPABILITIES, PrivilegesChanged.RAISED_EXEC_FILE_CAP);
    add(raised, exec, Exec.RAISED_BY_SETUID, PrivilegesChanged.RAISED_EXEC_FILE_SETUID);
    add(raised, exec, Exec.RAISED_BY_SETGID, PrivilegesChanged.RAISED_EXEC_FILE_SETGID);
    boolean nameless = file.links() == 0;
    if (!nameless && raised.isEmpty() && file.setuid() == NONE && file.setgid() == NONE) {
      return null;
    }
    return new BinaryProperties(
        file.setuid() == NONE ? null : file.setuid(),
        file.setgid() == NONE ? null : file.setgid(),
        raised,
        nameless
            ? new FileProperties(file.inode(), file.links(), KernelText.of(exec.path()))
            : null);
  }

  private static void add(
      Set<PrivilegesChanged> raised, Exec exec, int flag, PrivilegesChanged reason) {
    if (exec.has(flag)) {
      raised.add(reason);
    }
  }

  private static Namespace namespace(int inum, int host) {
    return inum == 0 ? Namespace.NONE : new Namespace(inum, inum == host);
  }
}
