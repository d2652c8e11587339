package dev.skep.events;

/**
 * What a selector does to the call that it matched. Names and numbers are those of the wire format.
 */
public enum Action {
  UNKNOWN(0),
  POST(1),
  SIGKILL(3),
  OVERRIDE(5),
  GETURL(7),
  DNSLOOKUP(8),
  NOPOST(9),
  SIGNAL(10),
  TRACKSOCK(11),
  UNTRACKSOCK(12),
  NOTIFYENFORCER(13),
  CLEANUPENFORCERNOTIFICATION(14),
  SET(15);

  private final int number;

  Action(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
