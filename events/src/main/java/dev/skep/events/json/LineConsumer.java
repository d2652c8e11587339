package dev.skep.events.json;

/**
 * Takes encoded events, one line each with its line feed. The array is lent: it is another event's
 * after the call.
 */
@FunctionalInterface
public interface LineConsumer {
  void write(byte[] bytes, int offset, int length);
}
