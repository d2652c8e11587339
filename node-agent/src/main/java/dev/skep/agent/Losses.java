package dev.skep.agent;

import dev.skep.bpf.BpfException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that did not come through, or not whole, on the way from the kernel to the last sink: one
 * counter for each cause, and this is the one place that has them all. Any thread.
 */
final class Losses {
  private static final Logger LOG = LoggerFactory.getLogger(Losses.class);

  /** Counts by cause that never go down. */
  interface Source {
    Map<String, Long> losses() throws BpfException;
  }

  private final List<Source> sources;

  /** Of each source, what it said last: a kernel that is closed says nothing any more. */
  private final List<Map<String, Long>> known = new ArrayList<>();

  private final Map<String, Long> atStart;
  private Map<String, Long> told;

  /** What the sources count already is not told again: kernels remember what was before. */
  Losses(Source... sources) {
    this.sources = List.of(sources);
    this.sources.forEach(_ -> known.add(Map.of()));
    atStart = byCause();
    told = atStart;
  }

  /**
   * Since boot or since the agent's start, as the stage counts; causes that are 0 are there too.
   */
  synchronized Map<String, Long> byCause() {
    var all = new TreeMap<String, Long>();
    for (int i = 0; i < sources.size(); i++) {
      try {
        known.set(i, Map.copyOf(sources.get(i).losses()));
      } catch (BpfException e) {
        LOG.debug("what was lost is not known", e);
      }
      known.get(i).forEach((cause, count) -> all.merge(cause, count, Long::sum));
    }
    return all;
  }

  /** One warning if anything is new. To be called about once a second. */
  synchronized void warn() {
    var now = byCause();
    var news = difference(told, now);
    told = now;
    if (!news.isEmpty()) {
      LOG.warn("lost or incomplete: {}", news);
    }
  }

  /** In words: {@code ring_exec 12, export 3}; empty for nothing. */
  synchronized String sinceStart() {
    return difference(atStart, byCause());
  }

  private static String difference(Map<String, Long> before, Map<String, Long> now) {
    return now.entrySet().stream()
        .filter(entry -> entry.getValue() > before.getOrDefault(entry.getKey(), 0L))
        .map(entry ->
            entry.getKey() + " " + (entry.getValue() - before.getOrDefault(entry.getKey(), 0L)))
        .collect(Collectors.joining(", "));
  }
}
