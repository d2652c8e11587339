package dev.skep.events;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;

/** The cluster-wide name of one run of one program: base64 of {@code node:ktime:pid}. */
public final class ExecId {
  private ExecId() {}

  /**
   * Makes the name.
   *
   * @param bootNanos when the program began, nanoseconds since boot
   * @param pid the thread group's id in the host's pid namespace
   */
  public static String of(String node, long bootNanos, int pid) {
    return Base64.getEncoder().encodeToString((node + ":" + bootNanos + ":" + pid).getBytes(UTF_8));
  }
}
