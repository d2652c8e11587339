package dev.skep.events;

/** Names of Linux signals, the same on x86-64 and arm64. */
public final class Signals {
  private static final int FIRST_REAL_TIME = 34; // 32 and 33 belong to the threads library
  private static final int LAST_REAL_TIME = 64;
  private static final String[] NAMES = {
    "",
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS"
  };

  private Signals() {}

  /**
   * {@code SIGKILL} for 9, {@code SIGRTMIN+1} for 35; empty for 0, {@code 99} for what is no
   * signal.
   */
  public static String name(int signal) {
    if (signal >= 0 && signal < NAMES.length) {
      return NAMES[signal];
    }
    if (signal >= FIRST_REAL_TIME && signal <= LAST_REAL_TIME) {
      return signal == FIRST_REAL_TIME ? "SIGRTMIN" : "SIGRTMIN+" + (signal - FIRST_REAL_TIME);
    }
    return Integer.toString(signal);
  }
}
