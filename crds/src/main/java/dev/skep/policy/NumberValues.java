package dev.skep.policy;

import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Capability;
import dev.skep.policy.ast.Matching;
import dev.skep.policy.ast.Matching.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Values that numbers are compared with.
 *
 * @param path of the list
 */
record NumberValues(Problems problems, String path, ArgumentType type, ValueLists lists) {
  Matching.@Nullable Numbers readSingle(List<String> values) {
    var ranges = new ArrayList<Range>();
    for (int i = 0; i < values.size(); i++) {
      readNumber(NumberRange.of(type), values.get(i), i).ifPresent(n -> ranges.add(Range.of(n)));
    }
    return whole(ranges, values.size());
  }

  Matching.@Nullable Numbers readRanges(List<String> values) {
    var ranges = new ArrayList<Range>();
    for (int i = 0; i < values.size(); i++) {
      var range = NumberRange.of(type).parseRange(values.get(i));
      if (range.isEmpty()) {
        wrong(
            i,
            "is " + Text.quote(values.get(i)) + ", must be low:high, each " + NumberRange.of(type));
      }
      range.ifPresent(ranges::add);
    }
    return whole(ranges, values.size());
  }

  /** Numbers, ranges and lists. */
  Matching.@Nullable Numbers readMembers(List<String> values) {
    var ranges = new ArrayList<Range>();
    boolean whole = true;
    for (int i = 0; i < values.size(); i++) {
      var value = values.get(i);
      if (ValueLists.isReference(value)) {
        whole &= addList(value, i, ranges);
      } else {
        whole &= addMember(value, i, "", ranges);
      }
    }
    return whole && !ranges.isEmpty() ? new Matching.Numbers(ranges) : null;
  }

  private boolean addList(String reference, int i, List<Range> ranges) {
    var texts = lists.texts(reference, Path.item(path, i), problems);
    if (texts == null) {
      return false;
    }
    boolean whole = true;
    for (var text : texts) {
      whole &= addMember(text, i, reference + " has ", ranges);
    }
    return whole;
  }

  private boolean addMember(String value, int i, String whose, List<Range> ranges) {
    var range = NumberRange.of(type);
    var found =
        value.indexOf(':') >= 0
            ? range.parseRange(value)
            : boxed(parse(range, value)).map(Range::of);
    if (found.isEmpty()) {
      var at = Path.item(path, i);
      problems.invalid(
          at,
          (whose.isEmpty() ? "is " : Text.plain(whose))
              + Text.quote(value)
              + ", must be "
              + range
              + ", or low:high");
    }
    found.ifPresent(ranges::add);
    return found.isPresent();
  }

  /** System calls have names, too. */
  private OptionalLong parse(NumberRange range, String text) {
    var number = range.parse(text);
    if (number.isPresent() || type != ArgumentType.SYSCALL64) {
      return number;
    }
    var call = new CallReader(new Problems()).readSyscall(text, path);
    return call == null ? number : OptionalLong.of(call.syscall64());
  }

  private static Optional<Long> boxed(OptionalLong number) {
    return number.isPresent() ? Optional.of(number.getAsLong()) : Optional.empty();
  }

  OptionalLong readBound(String operator, List<String> values) {
    if (values.size() > 1) {
      problems.invalid(
          path, "has " + values.size() + " values, but " + operator + " compares with one");
      return OptionalLong.empty();
    }
    return readNumber(NumberRange.of(type), values.getFirst(), 0);
  }

  Matching.@Nullable Mask readMask(List<String> values) {
    long bits = 0;
    boolean whole = true;
    for (int i = 0; i < values.size(); i++) {
      var mask =
          type.isCapabilities()
              ? readCapabilities(values.get(i), i)
              : readNumber(NumberRange.ofBits(type), values.get(i), i);
      if (mask.isPresent() && mask.getAsLong() == 0) {
        wrong(i, "is 0, a mask that never matches");
      }
      whole &= mask.isPresent();
      bits |= mask.orElse(0);
    }
    return bits == 0 || !whole ? null : new Matching.Mask(bits);
  }

  /** Each a whole set. */
  Matching.@Nullable Numbers readCapabilitySets(List<String> values) {
    var ranges = new ArrayList<Range>();
    for (int i = 0; i < values.size(); i++) {
      readCapabilities(values.get(i), i).ifPresent(bits -> ranges.add(Range.of(bits)));
    }
    return whole(ranges, values.size());
  }

  private OptionalLong readCapabilities(String text, int i) {
    var number = NumberRange.ofBits(type).parse(text);
    if (number.isPresent()) {
      return number;
    }
    long bits = 0;
    for (var word : text.split(",", -1)) {
      var capability = Capability.of(word);
      if (capability.isEmpty()) {
        wrong(
            i,
            Text.quote(word)
                + " is no capability and no mask of some; "
                + problems.instead(word.strip().toUpperCase(Locale.ROOT), Capability.words()));
        return OptionalLong.empty();
      }
      bits |= capability.get().bit();
    }
    return OptionalLong.of(bits);
  }

  private Matching.@Nullable Numbers whole(List<Range> ranges, int expected) {
    return ranges.size() == expected ? new Matching.Numbers(ranges) : null;
  }

  private OptionalLong readNumber(NumberRange range, String text, int i) {
    var number = parse(range, text);
    if (number.isEmpty()) {
      wrong(
          i,
          "is "
              + Text.quote(text)
              + ", must be "
              + range
              + (ValueLists.isReference(text) ? "; lists belong to InMap and NotInMap" : ""));
    }
    return number;
  }

  private void wrong(int i, String message) {
    problems.invalid(Path.item(path, i), message);
  }
}
