package dev.skep.bpf.libbpf;

import java.util.List;

/** Makes an error's text of a log that may have a hundred thousand lines. */
final class VerifierLog {
  /** The verifier tells at the end what it did not like, after the last steps that led there. */
  private static final int LINES = 30;

  private VerifierLog() {}

  static String shorten(String log) {
    List<String> lines = log.lines().toList();
    if (lines.size() <= LINES) {
      return log;
    }
    int left = lines.size() - LINES;
    return "... (" + left + " lines)\n" + String.join("\n", lines.subList(left, lines.size()));
  }
}
