package dev.skep.policy;

import dev.skep.crds.v1alpha1.SelectorSpec.ArgumentFilterSpec;
import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Matching;
import dev.skep.policy.ast.Operator;
import dev.skep.policy.ast.Selector.ArgumentFilter;
import dev.skep.policy.ast.Selector.ReturnFilter;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** One entry of {@code matchArgs} or {@code matchReturnArgs}: what it is about and what it asks. */
final class FilterReader {
  private final Problems problems;
  private final String path;
  private final HookContext hook;
  private final MatchingReader matchings;

  FilterReader(Problems problems, String path, HookContext hook) {
    this.problems = problems;
    this.path = path;
    this.hook = hook;
    this.matchings = new MatchingReader(problems, path, hook.lists());
  }

  @Nullable ArgumentFilter read(ArgumentFilterSpec spec) {
    var operator = operator(spec);
    if (operator == Operator.CAPABILITIES_GAINED) {
      return readCapabilitiesGained(spec);
    }
    var position =
        spec.args().isEmpty() ? positionOfIndex(spec.index()) : positionInArgs(spec, operator);
    if (position.isEmpty() || operator == null) {
      return null; // reported
    }
    var argument = hook.arguments().at(position.getAsInt());
    if (argument.isNop()) {
      problems.invalid(
          path + (spec.args().isEmpty() ? ".index" : ".args[0]"),
          "is "
              + (spec.args().isEmpty() ? spec.index() : spec.args().getFirst())
              + ", but that argument is a nop; give it a type in args");
      return null;
    }
    if (!argument.known()) {
      return null; // reported there
    }
    var type = argument.argument().type();
    var matching = matchings.read(type, type.words().getFirst(), operator, spec.values());
    return matching == null
        ? null
        : new ArgumentFilter(path, position.getAsInt(), operator.negates(), matching);
  }

  /** The one return value. */
  @Nullable ReturnFilter readReturn(ArgumentFilterSpec spec) {
    if (spec.index() != null && spec.index() != 0) {
      problems.invalid(
          path + ".index", "is " + spec.index() + ", but a call returns one value; leave it out");
    }
    if (!spec.args().isEmpty()) {
      problems.invalid(path + ".args", "is there, but a call returns one value; leave it out");
    }
    var operator = operator(spec);
    if (operator == null || hook.returned() == null) {
      return null; // reported
    }
    if (operator == Operator.CAPABILITIES_GAINED) {
      problems.invalid(
          path + ".operator", "is CapabilitiesGained, which compares two arguments of a call");
      return null;
    }
    var type = hook.returned().type();
    var matching = matchings.read(type, type.words().getFirst(), operator, spec.values());
    return matching == null ? null : new ReturnFilter(path, operator.negates(), matching);
  }

  private static @Nullable Operator operator(ArgumentFilterSpec spec) {
    return spec.operator() == null ? null : Operator.of(spec.operator()).orElseThrow();
  }

  private OptionalInt positionOfIndex(@Nullable Long index) {
    if (index == null) {
      problems.broken(path + ".index", "is missing: which argument, as its index in args");
      return OptionalInt.empty();
    }
    var position = hook.arguments().find(index);
    if (position.isEmpty() && !hook.arguments().areDoubtful()) {
      problems.invalid(
          path + ".index",
          "is " + index + ", but " + hook.arguments().indexes() + "; add it there");
    }
    return position;
  }

  private OptionalInt positionInArgs(ArgumentFilterSpec spec, @Nullable Operator operator) {
    if (spec.index() != null) {
      problems.invalid(path + ".args", "is there beside index; keep one of them");
    }
    if (spec.args().size() > 1 && operator != null) {
      problems.invalid(
          path + ".args",
          "has "
              + spec.args().size()
              + " positions, but "
              + operator.word()
              + " looks at one argument");
      return OptionalInt.empty();
    }
    return position(spec.args(), 0);
  }

  private OptionalInt position(List<Long> args, int i) {
    int there = hook.arguments().entries().size();
    if (args.get(i) >= there) {
      problems.invalid(
          Path.item(path + ".args", i),
          "is "
              + args.get(i)
              + ", but the hook has "
              + Text.count(there, "argument")
              + ", counted from 0");
      return OptionalInt.empty();
    }
    return OptionalInt.of(Math.toIntExact(args.get(i)));
  }

  private @Nullable ArgumentFilter readCapabilitiesGained(ArgumentFilterSpec spec) {
    if (spec.args().size() != 2) {
      problems.invalid(
          path + ".args",
          "needs two positions in the hook's args for CapabilitiesGained: of the capabilities"
              + " after and before, such as [0, 1]");
      return null;
    }
    if (!spec.values().isEmpty()) {
      problems.invalid(
          path + ".values", "is there, but CapabilitiesGained takes no values; delete it");
    }
    var after = position(spec.args(), 0);
    var before = position(spec.args(), 1);
    if (after.isEmpty() || before.isEmpty()) {
      return null; // reported
    }
    boolean capabilities = isCapabilities(after.getAsInt(), 0);
    capabilities &= isCapabilities(before.getAsInt(), 1);
    return capabilities
        ? new ArgumentFilter(
            path, after.getAsInt(), false, new Matching.CapabilitiesGained(before.getAsInt()))
        : null;
  }

  private boolean isCapabilities(int position, int i) {
    var argument = hook.arguments().at(position);
    if (!argument.known()) {
      return false; // reported there
    }
    var type = argument.argument().type();
    if (!type.isCapabilities() && type != ArgumentType.AUTO) {
      problems.invalid(
          Path.item(path + ".args", i),
          "is an argument of type "
              + type.words().getFirst()
              + ", but CapabilitiesGained compares capabilities, such as cap_effective");
      return false;
    }
    return true;
  }
}
