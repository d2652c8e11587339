package dev.skep.events;

/**
 * Why a program has rights that its process did not have before. Numbers are those of the wire
 * format.
 */
public enum PrivilegesChanged {
  /** Its file has capabilities. */
  RAISED_EXEC_FILE_CAP(1),
  /** Its file is set-user-ID to root. */
  RAISED_EXEC_FILE_SETUID(2),
  /** Its file is set-group-ID to root. */
  RAISED_EXEC_FILE_SETGID(3);

  private final int number;

  PrivilegesChanged(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
