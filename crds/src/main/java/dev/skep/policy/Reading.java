package dev.skep.policy;

import java.util.List;

/** What came of reading a policy: it can be carried out, or here is all that is wrong with it. */
public sealed interface Reading {
  /**
   * @param warnings where it does less than it seems to
   */
  record Accepted(Policy policy, List<Warning> warnings) implements Reading {
    public Accepted {
      warnings = List.copyOf(warnings);
    }

    /** Without warnings. */
    public Accepted(Policy policy) {
      this(policy, List.of());
    }
  }

  /**
   * @param problems at least one, all that were found, in the order of the file
   */
  record Refused(List<Problem> problems) implements Reading {
    public Refused {
      problems = List.copyOf(problems);
    }
  }

  /**
   * One thing that is wrong.
   *
   * @param path of the field, such as {@code spec.kprobes[0].selectors[1].matchArgs[0].operator}
   * @param message what is wrong and what would be right
   */
  record Problem(String path, Kind kind, String message) {
    @Override
    public String toString() {
      return path + ": " + message;
    }
  }

  enum Kind {
    /** No version of Skep will take this. */
    INVALID,
    /** Legal in the language, but this version cannot do it yet. */
    UNSUPPORTED
  }
}
