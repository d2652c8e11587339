package dev.skep.policy;

import dev.skep.policy.Reading.Problem;
import java.util.List;

/** What came of reading a policy as the language has it, whatever can be carried out of it. */
public sealed interface TreeReading {
  record Understood(PolicyTree tree) implements TreeReading {}

  /**
   * @param problems at least one, all that were found, in the order of the file
   */
  record Refused(List<Problem> problems) implements TreeReading {
    public Refused {
      problems = List.copyOf(problems);
    }
  }
}
