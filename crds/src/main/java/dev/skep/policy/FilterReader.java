package dev.skep.policy;

import dev.skep.crds.v1alpha1.SelectorSpec.ArgumentFilterSpec;
import dev.skep.policy.Hook.ArgumentFilter;
import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Hook.Matching;
import dev.skep.policy.KprobeReader.ArgumentTable;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One entry of {@code matchArgs}: which operators fit which types, and what their values are. */
final class FilterReader {
  private static final List<String> OF_TEXTS =
      List.of("Equal", "NotEqual", "Prefix", "NotPrefix", "Postfix", "NotPostfix");
  private static final List<String> OF_TEXTS_LATER = List.of("SubString", "SubStringIgnCase");
  private static final List<String> OF_NUMBERS =
      List.of("Equal", "NotEqual", "GT", "GreaterThan", "LT", "LessThan", "Mask");
  private static final List<String> OF_NUMBERS_LATER =
      List.of("InMap", "NotInMap", "InRange", "NotInRange", "CelExpr");

  private final Problems problems;
  private final String path;
  private final ArgumentTable arguments;

  FilterReader(Problems problems, String path, ArgumentTable arguments) {
    this.problems = problems;
    this.path = path;
    this.arguments = arguments;
  }

  Optional<ArgumentFilter> read(ArgumentFilterSpec spec) {
    if (!spec.args().isEmpty()) {
      problems.unsupported(path + ".args", "arguments by position; write index");
      return Optional.empty();
    }
    if (spec.index() == null) {
      problems.broken(path + ".index", "is missing: which argument, as its index in args");
      return Optional.empty();
    }
    long index = spec.index();
    var argument = arguments.withIndex(index);
    if (argument.isEmpty()) {
      if (!arguments.isDoubtful()) {
        problems.invalid(
            path + ".index", "is " + index + ", but " + arguments.indexes() + "; add it there");
      }
      return Optional.empty();
    }
    if (argument.get().isNop()) {
      problems.invalid(
          path + ".index", "is " + index + ", but that argument is a nop; give it a type in args");
      return Optional.empty();
    }
    var type = argument.get().type();
    var operator = spec.operator();
    if (type.isEmpty() || operator == null) {
      return Optional.empty(); // reported there
    }
    var matching =
        fits(operator, type.get(), argument.get().word())
            ? readMatching(operator, type.get(), spec.values())
            : null;
    return Optional.ofNullable(matching)
        .map(m ->
            new ArgumentFilter(arguments.position(argument.get()), operator.startsWith("Not"), m));
  }

  private boolean fits(String operator, ArgumentType type, @Nullable String word) {
    var now = type.isText() ? OF_TEXTS : OF_NUMBERS;
    var later = type.isText() ? OF_TEXTS_LATER : OF_NUMBERS_LATER;
    if (now.contains(operator)) {
      return true;
    }
    if (later.contains(operator)) {
      problems.unsupported(
          path + ".operator",
          "the operator " + operator + "; the type " + word + " takes " + all(now));
    } else {
      problems.invalid(
          path + ".operator",
          "is " + operator + ", but the argument is of type " + word + ", which takes " + all(now));
    }
    return false;
  }

  private static String all(Collection<String> operators) {
    return String.join(", ", operators);
  }

  private @Nullable Matching readMatching(String operator, ArgumentType type, List<String> values) {
    if (values.isEmpty()) {
      problems.invalid(path + ".values", "is missing, but " + operator + " needs values");
      return null;
    }
    var texts = new TextValues(problems, path + ".values", type);
    return switch (operator) {
      case "Equal", "NotEqual" ->
          type.isText()
              ? texts.read(values, TextValues.WHOLE).map(Matching.TextOneOf::new).orElse(null)
              : readNumbers(type, values).map(Matching.OneOf::new).orElse(null);
      case "Prefix", "NotPrefix" ->
          texts.read(values, TextValues.PREFIX).map(Matching.TextPrefix::new).orElse(null);
      case "Postfix", "NotPostfix" ->
          texts.read(values, TextValues.POSTFIX).map(Matching.TextPostfix::new).orElse(null);
      case "GT", "GreaterThan" -> {
        var bound = readBound(operator, type, values);
        yield bound.isPresent() ? new Matching.GreaterThan(bound.getAsLong()) : null;
      }
      case "LT", "LessThan" -> {
        var bound = readBound(operator, type, values);
        yield bound.isPresent() ? new Matching.LessThan(bound.getAsLong()) : null;
      }
      case "Mask" -> readMask(type, values);
      default -> throw new AssertionError(operator + " fits, but has no meaning");
    };
  }

  private Optional<Set<Long>> readNumbers(ArgumentType type, List<String> values) {
    var numbers = new HashSet<Long>();
    boolean whole = true;
    for (int i = 0; i < values.size(); i++) {
      var number = readNumber(NumberRange.of(type), values.get(i), i);
      number.ifPresent(numbers::add);
      whole &= number.isPresent();
    }
    return whole ? Optional.of(numbers) : Optional.empty();
  }

  private OptionalLong readBound(String operator, ArgumentType type, List<String> values) {
    if (values.size() > 1) {
      problems.invalid(
          path + ".values",
          "has " + values.size() + " values, but " + operator + " compares with one");
      return OptionalLong.empty();
    }
    return readNumber(NumberRange.of(type), values.getFirst(), 0);
  }

  private @Nullable Matching readMask(ArgumentType type, List<String> values) {
    long bits = 0;
    for (int i = 0; i < values.size(); i++) {
      var mask = readNumber(NumberRange.ofBits(type), values.get(i), i);
      if (mask.isPresent() && mask.getAsLong() == 0) {
        problems.invalid(Path.item(path + ".values", i), "is 0, a mask that never matches");
      }
      bits |= mask.orElse(0);
    }
    return bits == 0 ? null : new Matching.AnyBit(bits);
  }

  private OptionalLong readNumber(NumberRange range, String text, int i) {
    var number = range.parse(text);
    if (number.isEmpty()) {
      problems.invalid(
          Path.item(path + ".values", i), "is " + Text.quote(text) + ", must be " + range);
    }
    return number;
  }
}
