package dev.skep.agent.policy;

/** Which failures of the kernel may be gone a little later. */
final class Retry {
  private Retry() {}

  static boolean mayHelp(int errno) {
    return switch (errno) {
      case 0, // not the kernel's: no room until other policies have gone
          4, // EINTR
          7, // E2BIG: a table is full until other policies have gone
          11, // EAGAIN
          12, // ENOMEM
          16, // EBUSY
          23, // ENFILE
          24, // EMFILE
          28 -> // ENOSPC: as E2BIG
          true;
      default -> false;
    };
  }
}
