package dev.skep.agent.kube;

import io.fabric8.kubernetes.client.informers.ExceptionHandler;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets a watch go on for ever, whatever happens, and says what happens: the same once a minute. */
final class LastingWatch implements ExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(LastingWatch.class);
  private static final long AGAIN = Duration.ofMinutes(1).toNanos();

  private final String what;
  private @Nullable String said;
  private long saidAt;

  LastingWatch(String what) {
    this.what = what;
  }

  @Override
  public synchronized boolean retryAfterException(boolean isStarted, Throwable failure) {
    var message = String.valueOf(failure.getMessage());
    long now = System.nanoTime();
    if (!message.equals(said) || now - saidAt > AGAIN) {
      LOG.warn("watching {}: {}; it is tried again", what, message);
      said = message;
      saidAt = now;
    }
    return true;
  }
}
