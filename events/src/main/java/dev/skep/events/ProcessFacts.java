package dev.skep.events;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stays true of a process from one exec to the next. Texts that come from the kernel are made
 * by {@link KernelText}, so that they can be encoded whatever bytes they had. What is told only on
 * demand is null, or empty, where nobody asked for it.
 *
 * @param execId {@link ExecId}; never empty
 * @param pid the thread group's id in the host's pid namespace
 * @param uid the user, unsigned
 * @param cwd the working directory at exec
 * @param arguments one line, see {@link KernelText#arguments}
 * @param flags words, see {@link ProcessFlag#words}
 * @param startNanos when the program began, wall-clock nanoseconds since 1970-01-01 UTC
 * @param auid the login's user, unsigned; -1 if there was no login
 * @param parentExecId empty if the parent is not known
 * @param inInitTree whether it descends from its container's first process, null where that is not
 *     known
 * @param capabilities at exec
 * @param namespaces at exec
 * @param credentials at exec
 * @param user the account's name of {@code uid}; for processes in the host's namespaces only
 * @param environment at exec, in the program's order; taken as it is, not copied
 * @param namespacePid the thread group's id in its own pid namespace; 0 if not known
 * @param calledAs argv's first; empty where its last name is the binary's
 */
public record ProcessFacts(
    String execId,
    int pid,
    int uid,
    String cwd,
    String binary,
    String arguments,
    String flags,
    long startNanos,
    int auid,
    String parentExecId,
    @Nullable Boolean inInitTree,
    @Nullable Capabilities capabilities,
    @Nullable Namespaces namespaces,
    @Nullable Credentials credentials,
    @Nullable String user,
    List<EnvironmentVariable> environment,
    int namespacePid,
    String calledAs) {
  public ProcessFacts {
    if (execId.isEmpty()) {
      throw new IllegalArgumentException("process " + pid + " (" + binary + ") has no exec id");
    }
    user = user == null ? null : KernelText.wellFormed(user);
  }

  /** Without all that is told on demand. */
  public ProcessFacts(
      String execId,
      int pid,
      int uid,
      String cwd,
      String binary,
      String arguments,
      String flags,
      long startNanos,
      int auid,
      String parentExecId,
      @Nullable Boolean inInitTree) {
    this(
        execId,
        pid,
        uid,
        cwd,
        binary,
        arguments,
        flags,
        startNanos,
        auid,
        parentExecId,
        inInitTree,
        null,
        null,
        null,
        null,
        List.of(),
        0,
        "");
  }
}
