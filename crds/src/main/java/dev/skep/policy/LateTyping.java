package dev.skep.policy;

import dev.skep.policy.Reading.Problem;
import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Matching;
import dev.skep.policy.ast.Matching.Untyped;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a filter on an argument of type auto means, once somebody has found its type out.
 *
 * @param matching null: the operator or its values do not fit the type
 * @param problems why not
 */
public record LateTyping(@Nullable Matching matching, List<Problem> problems) {
  public LateTyping {
    problems = List.copyOf(problems);
  }

  /**
   * @param path of the filter
   * @param type any but AUTO
   */
  public static LateTyping of(Untyped untyped, ArgumentType type, String path) {
    if (type == ArgumentType.AUTO) {
      throw new IllegalArgumentException(path + " has no type yet");
    }
    var problems = new Problems();
    var matching =
        new MatchingReader(problems, path, ValueLists.none())
            .read(type, type.words().getFirst(), untyped.operator(), untyped.values());
    return new LateTyping(matching, problems.found());
  }
}
