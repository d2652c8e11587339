package dev.skep.policy.ast;

import org.jspecify.annotations.Nullable;

/** What is done when a selector matches. */
public sealed interface Action {
  String path();

  /**
   * @param rateLimit null: every event
   */
  record Post(
      String path,
      @Nullable RateLimit rateLimit,
      boolean kernelStackTrace,
      boolean userStackTrace,
      boolean imaHash)
      implements Action {}

  record NoPost(String path) implements Action {}

  /** Sigkill too. */
  record Signal(String path, int signal) implements Action {
    public Signal {
      if (signal < 1 || signal > 64) {
        throw new IllegalArgumentException("there is no signal " + signal);
      }
    }
  }

  /**
   * Override: the call is not carried out.
   *
   * @param error returned instead, as written: of most calls negative
   */
  record OverrideReturn(String path, int error) implements Action {}

  /**
   * @param signal 0: none
   */
  record NotifyEnforcer(String path, int error, int signal) implements Action {}

  record CleanupEnforcerNotification(String path) implements Action {}

  /**
   * @param argument index of the call's argument that is the socket
   */
  record TrackSock(String path, int argument) implements Action {}

  record UntrackSock(String path, int argument) implements Action {}

  record GetUrl(String path, String url) implements Action {}

  record DnsLookup(String path, String fqdn) implements Action {}

  /**
   * Equal events are posted once in {@code seconds}.
   *
   * @param scope of whom events are equal
   */
  record RateLimit(long seconds, Scope scope) {
    public RateLimit {
      if (seconds < 1) {
        throw new IllegalArgumentException("once in " + seconds + " seconds");
      }
    }

    public enum Scope {
      THREAD,
      PROCESS,
      GLOBAL
    }
  }
}
