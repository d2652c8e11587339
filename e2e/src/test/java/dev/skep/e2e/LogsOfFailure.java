package dev.skep.e2e;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestWatcher;

/** Prints what operator and agent said when a test, or what comes before it, failed. */
final class LogsOfFailure implements TestWatcher, LifecycleMethodExecutionExceptionHandler {
  @Override
  public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
    System.err.println(context.getDisplayName() + ":\n" + RunningSkep.logsOfTheLatest());
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    testFailed(context, failure);
    throw failure;
  }
}
