package dev.skep.policy;

import dev.skep.policy.ast.Cidr;
import dev.skep.policy.ast.Matching.Range;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Values that sockets and packets are compared with.
 *
 * @param path of the list
 */
record NetworkValues(Problems problems, String path) {
  private static final NumberRange PORTS = NumberRange.upTo(65535);

  /** Null: something is wrong, and told. */
  @Nullable List<Cidr> readNetworks(List<String> values) {
    return read(
        values,
        Addresses::parse,
        _ -> "must be an IPv4 or IPv6 address or network, such as 10.0.0.0/8 or fd00::/8");
  }

  @Nullable List<Range> readPorts(List<String> values) {
    return read(
        values,
        text -> number(PORTS, text),
        _ -> "must be a port from 0 to 65535, or low:high of two");
  }

  @Nullable List<Range> readWords(NetworkWords words, List<String> values) {
    return read(
        values,
        text -> {
          var named = words.number(text);
          return named.isPresent()
              ? Optional.of(Range.of(named.getAsInt()))
              : number(words.range(), text);
        },
        text -> "no number, and no name; " + problems.instead(text, words.words()));
  }

  private static Optional<Range> number(NumberRange range, String text) {
    var number = range.parse(text);
    return number.isPresent() ? Optional.of(Range.of(number.getAsLong())) : range.parseRange(text);
  }

  private <T> @Nullable List<T> read(
      List<String> values, Function<String, Optional<T>> parse, Function<String, String> right) {
    return Entries.parse(problems, values, path, parse, right);
  }
}
