package dev.skep.policy;

import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Matching.Range;
import java.math.BigInteger;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * The whole numbers that an argument's type can hold.
 *
 * @param low inclusive
 * @param high inclusive
 */
record NumberRange(BigInteger low, BigInteger high) {
  private static final Pattern DECIMAL = Pattern.compile("-?(0|[1-9][0-9]{0,19})");
  private static final Pattern HEX = Pattern.compile("0[xX][0-9A-Fa-f]{1,16}");

  static NumberRange of(ArgumentType type) {
    return switch (type) {
      case INT8 -> signed(8);
      case INT16 -> signed(16);
      case INT32, BPF_CMD -> signed(32);
      case INT64, SYSCALL64 -> signed(64);
      default -> ofBits(type);
    };
  }

  /** Of masks, which have no sign. */
  static NumberRange ofBits(ArgumentType type) {
    return switch (type) {
      case INT8, UINT8 -> unsigned(8);
      case INT16, UINT16 -> unsigned(16);
      case INT32, UINT32, BPF_CMD -> unsigned(32);
      case INT64, UINT64, SYSCALL64 -> unsigned(64);
      case KERNEL_CAP_T, CAP_EFFECTIVE, CAP_INHERITABLE, CAP_PERMITTED -> unsigned(64);
      default -> throw new IllegalArgumentException(type + " is no number");
    };
  }

  static NumberRange upTo(int high) {
    return new NumberRange(BigInteger.ZERO, BigInteger.valueOf(high));
  }

  private static NumberRange signed(int bits) {
    var half = BigInteger.ONE.shiftLeft(bits - 1);
    return new NumberRange(half.negate(), half.subtract(BigInteger.ONE));
  }

  private static NumberRange unsigned(int bits) {
    return new NumberRange(
        BigInteger.ZERO, BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE));
  }

  /** Decimal or hexadecimal; of an unsigned 64-bit number the bits. Empty if it is out of range. */
  OptionalLong parse(String text) {
    return whole(text)
        .map(number -> OptionalLong.of(number.longValue()))
        .orElse(OptionalLong.empty());
  }

  /** Two numbers as {@code low:high}. */
  Optional<Range> parseRange(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      return Optional.empty();
    }
    var first = whole(text.substring(0, colon));
    var last = whole(text.substring(colon + 1));
    return first.isEmpty() || last.isEmpty() || first.get().compareTo(last.get()) > 0
        ? Optional.empty()
        : Optional.of(new Range(first.get().longValue(), last.get().longValue()));
  }

  private Optional<BigInteger> whole(String text) {
    BigInteger number;
    if (HEX.matcher(text).matches()) {
      number = new BigInteger(text.substring(2), 16);
    } else if (DECIMAL.matcher(text).matches()) {
      number = new BigInteger(text);
    } else {
      return Optional.empty();
    }
    return number.compareTo(low) < 0 || number.compareTo(high) > 0
        ? Optional.empty()
        : Optional.of(number);
  }

  @Override
  public String toString() {
    return "a number from " + low + " to " + high + ", decimal or hexadecimal with 0x";
  }
}
