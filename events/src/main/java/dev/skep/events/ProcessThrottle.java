package dev.skep.events;

/**
 * The processes of a cgroup began or ceased to come faster than they are told of.
 *
 * @param cgroup its name; made by {@link KernelText}
 */
public record ProcessThrottle(long timeNanos, Type type, String cgroup) implements Event {

  /** Names are the wire format's, without their prefix. */
  public enum Type {
    START,
    STOP
  }
}
