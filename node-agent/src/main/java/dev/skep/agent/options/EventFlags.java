package dev.skep.agent.options;

import picocli.CommandLine.Option;

/** What events tell. */
public final class EventFlags {
  @Option(
      names = "--process-cache-size",
      paramLabel = "NUMBER",
      converter = CacheSize.class,
      defaultValue = "65536",
      description = "Processes that the agent remembers at most (default: ${DEFAULT-VALUE}).")
  private int processCacheSize;

  public int processCacheSize() {
    return processCacheSize;
  }

  static final class CacheSize extends Values.Whole {
    CacheSize() {
      super(64, 1 << 24);
    }
  }
}
